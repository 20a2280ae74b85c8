import { gzipSync } from "node:zlib";
import type { Requests, RequestsOptions } from "./requests.ts";

/** Size of the message or body, without compression: the default limit of the service, in bytes. */
const size = 8_388_608;

/** Creates syncs with millions of empty entries, which a service has to reject. */
export function createTinyEntryRequests({ format }: RequestsOptions): Requests {
  return repeat(format === "json" ? jsonBody() : framed(protobufMessage(), false));
}

/** The same, compressed. Over gRPC only. */
export function createTinyEntryGzipRequests(_options: RequestsOptions): Requests {
  return repeat(framed(gzipSync(protobufMessage(), { level: 9 }), true));
}

function repeat(fixed: Buffer): Requests {
  const shouldFail = () => "a sync of empty entries succeeded";
  const request = {
    length: fixed.length,
    fixed,
    write: (target: Buffer, offset: number) => target.set(fixed, offset),
    checkData: shouldFail,
    checkMessage: shouldFail,
  };
  return { next: () => request };
}

/** Field 1, of length 0. */
function protobufMessage(): Buffer {
  return Buffer.alloc(size, Buffer.of(0x0a, 0));
}

function jsonBody(): Buffer {
  const [start, end] = ['{"contacts":[{}', "]}"];
  const entries = Math.floor((size - start.length - end.length) / 3);
  return Buffer.from(`${start}${",{}".repeat(entries)}${end}`);
}

/** A gRPC message begins with a byte of flags and four bytes of length. */
function framed(message: Buffer, isCompressed: boolean): Buffer {
  const prefix = Buffer.alloc(5);
  prefix[0] = isCompressed ? 1 : 0;
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}
