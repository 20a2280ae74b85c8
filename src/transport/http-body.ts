import type { IncomingMessage } from "node:http";
import { decompress, isGzip, readBody, tooLarge } from "./body.ts";

/** @throws Fault BODY_TOO_LARGE if the request declares a body of more than `maxBytes` bytes */
export function assertContentLength({ headers }: IncomingMessage, maxBytes: number): void {
  if (Number(headers["content-length"] ?? 0) > maxBytes) throw tooLarge(maxBytes);
}

/**
 * Reads the body of a request of at most `maxBytes` bytes, before and after decompression.
 *
 * @throws Fault UNSUPPORTED_ENCODING, BODY_TOO_LARGE, BODY_UNREADABLE
 */
export async function readHttpBody(req: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const isCompressed = isGzip(req.headers["content-encoding"]);
  const body = await readBody(req, { maxBytes });
  return isCompressed ? decompress(body, maxBytes) : body;
}
