import type { Readable } from "node:stream";
import { fault } from "../errors.ts";
import type { BodyPrefix } from "./body.ts";
import { decompress, isGzip, readBody } from "./body.ts";

/** In gRPC and gRPC-Web a byte of flags and four bytes of length precede each message. */
const prefix: BodyPrefix = { bytes: 5, declaredSize: (start) => start.readUInt32BE(1) };
const compressedFlag = 1;

export interface GrpcMessageOptions {
  /** Size limit of the message in bytes, before and after decompression. */
  readonly maxBytes: number;
  /** The value of the header `grpc-encoding`. */
  readonly encoding: string | string[] | undefined;
}

/**
 * Reads the only message of a unary call.
 *
 * @throws Fault UNSUPPORTED_ENCODING, BODY_TOO_LARGE, BODY_UNREADABLE
 */
export async function readGrpcMessage(
  source: Readable,
  { maxBytes, encoding }: GrpcMessageOptions,
): Promise<Buffer> {
  const allowsGzip = isGzip(encoding);
  const body = await readBody(source, { maxBytes, prefix });
  const flags = body[0] ?? 0;
  const isCompressed = flags === compressedFlag;
  const isOneMessage =
    body.length >= prefix.bytes && body.length === prefix.bytes + prefix.declaredSize(body);
  if (!isOneMessage || (isCompressed ? !allowsGzip : flags !== 0)) {
    throw fault("BODY_UNREADABLE", { format: "protobuf" });
  }
  const message = body.subarray(prefix.bytes);
  return isCompressed && message.length > 0 ? decompress(message, maxBytes) : message;
}

/** A message with its prefix, uncompressed. */
export function frameGrpcMessage(message: Uint8Array): Buffer {
  const framed = Buffer.allocUnsafe(prefix.bytes + message.length);
  framed[0] = 0;
  framed.writeUInt32BE(message.length, 1);
  framed.set(message, prefix.bytes);
  return framed;
}
