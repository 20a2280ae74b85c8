import type { Readable } from "node:stream";
import type { Message } from "@bufbuild/protobuf";
import type { BinaryWriter } from "../api/binary-writer.ts";
import type { Cancellation } from "../api/cancellation.ts";
import { fault } from "../errors.ts";
import type { BodyPrefix, BodyReader, Content } from "./body.ts";
import { isGzip } from "./body.ts";

/** In gRPC and gRPC-Web a byte of flags and four bytes of length precede each message. */
const prefix: BodyPrefix = { bytes: 5, declaredSize: (start) => start.readUInt32BE(1) };
/** The flag of a message that is compressed. */
export const compressedFlag = 1;

export interface GrpcMessageOptions {
  readonly bodies: BodyReader;
  /** Size limit of the message in bytes, before and after decompression. */
  readonly maxBytes: number;
  /** The value of the header `grpc-encoding`. */
  readonly encoding: string | string[] | undefined;
  readonly cancellation: Cancellation;
}

/**
 * Reads the only message of a unary call.
 *
 * @throws Fault UNSUPPORTED_ENCODING, MESSAGE_COUNT, MESSAGE_FLAGS, and as `BodyReader.read`
 */
export async function readGrpcMessage<T>(
  source: Readable,
  { bodies, maxBytes, encoding, cancellation }: GrpcMessageOptions,
  decode: (message: Buffer) => T,
): Promise<T> {
  const mayBeGzip = isGzip(encoding);
  const unwrap = mayBeGzip ? unwrapGzip : unwrapPlain;
  return bodies.read(source, { maxBytes, prefix, mayBeGzip, unwrap, cancellation }, decode);
}

function unwrapPlain(body: Buffer): Content {
  assertOneMessage(body);
  if (body[0] !== 0) throw fault("MESSAGE_FLAGS");
  return { bytes: body.subarray(prefix.bytes), isGzip: false };
}

function unwrapGzip(body: Buffer): Content {
  if (body[0] !== compressedFlag) return unwrapPlain(body);
  assertOneMessage(body);
  const bytes = body.subarray(prefix.bytes);
  return { bytes, isGzip: bytes.length > 0 };
}

function assertOneMessage(body: Buffer): void {
  if (body.length === 0) throw fault("MESSAGE_COUNT");
  const end = body.length < prefix.bytes ? Infinity : prefix.bytes + prefix.declaredSize(body);
  if (body.length === end) return;
  const hasSecondPrefix = body.length >= end + prefix.bytes;
  throw hasSecondPrefix ? fault("MESSAGE_COUNT") : fault("BODY_UNREADABLE", { format: "protobuf" });
}

/** Checks the form of a stream of messages, whose bytes come in chunks. */
export interface StreamCheck {
  /** Takes the next chunk. @throws Fault MESSAGE_FLAGS */
  take(chunk: Uint8Array): void;
  /** The stream has ended. @throws Fault BODY_UNREADABLE if its last message is incomplete */
  end(): void;
}

export function createStreamCheck(): StreamCheck {
  const start = Buffer.alloc(prefix.bytes);
  let started = 0;
  let messageBytesLeft = 0;
  return {
    take(chunk) {
      for (let at = 0; at < chunk.length; ) {
        if (messageBytesLeft > 0) {
          const skipped = Math.min(messageBytesLeft, chunk.length - at);
          messageBytesLeft -= skipped;
          at += skipped;
          continue;
        }
        start[started++] = chunk[at++] ?? 0;
        if ((start[0] ?? 0) > compressedFlag) throw fault("MESSAGE_FLAGS");
        if (started < prefix.bytes) continue;
        messageBytesLeft = prefix.declaredSize(start);
        started = 0;
      }
    },
    end() {
      if (started > 0 || messageBytesLeft > 0) {
        throw fault("BODY_UNREADABLE", { format: "a stream of messages" });
      }
    },
  };
}

/** A message with its prefix, uncompressed. Streams of Connect have the same prefix, with other flags. */
export function frameGrpcMessage(message: Uint8Array, flags = 0): Buffer {
  const framed = Buffer.allocUnsafe(prefix.bytes + message.length);
  framed.set(message, prefix.bytes);
  return writePrefix(framed, flags);
}

/** Writes a message with its prefix, uncompressed. */
export function writeGrpcMessage(write: BinaryWriter, message: Message): Buffer {
  return writePrefix(write(message, prefix.bytes));
}

function writePrefix(framed: Buffer, flags = 0): Buffer {
  framed[0] = flags;
  framed.writeUInt32BE(framed.length - prefix.bytes, 1);
  return framed;
}
