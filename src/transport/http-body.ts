import type { IncomingMessage } from "node:http";
import type { Cancellation } from "../api/cancellation.ts";
import type { BeforeDecode } from "../api/operation.ts";
import type { BodyReader } from "./body.ts";
import { isGzip, tooLarge } from "./body.ts";

/** @throws Fault BODY_TOO_LARGE if the request declares a body of more than `maxBytes` bytes */
export function assertContentLength(req: IncomingMessage, maxBytes: number): void {
  if ((contentLengthOf(req) ?? 0) > maxBytes) throw tooLarge(maxBytes);
}

export interface HttpBodyOptions {
  readonly bodies: BodyReader;
  /** Size limit of the body in bytes. */
  readonly maxBytes: number;
  readonly cancellation: Cancellation;
  readonly beforeDecode?: BeforeDecode | undefined;
}

/**
 * Reads the body of a request.
 *
 * @throws Fault UNSUPPORTED_ENCODING; the promise rejects as that of `BodyReader.read`
 */
export function readHttpBody<T>(
  req: IncomingMessage,
  { bodies, maxBytes, cancellation, beforeDecode }: HttpBodyOptions,
  decode: (bytes: Buffer) => T,
): Promise<T> {
  const mayBeGzip = isGzip(req.headers["content-encoding"]);
  const size = contentLengthOf(req);
  return bodies.read(req, { maxBytes, size, mayBeGzip, cancellation, beforeDecode }, decode);
}

function contentLengthOf({ headers }: IncomingMessage): number | undefined {
  const length = headers["content-length"];
  return length === undefined ? undefined : Number(length);
}
