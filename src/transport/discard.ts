import type { ServerHttp2Stream } from "node:http2";
import { constants } from "node:http2";

/** Bytes of a request body that are discarded after the response before the stream is reset. */
const maxDiscardedBytes = 1_048_576;
/** The maximum wait for the rest of a request body after the response, in milliseconds. */
const maxDiscardMs = 500;

/**
 * Ends an HTTP/2 stream whose response is complete, even if its request body is not. Many clients lose
 * the response if they are reset while they still send, so a part of the body is discarded first. The
 * reset with NO_ERROR then asks the client to stop (RFC 9113, section 8.1).
 */
export function closeAfterResponse(stream: ServerHttp2Stream): void {
  if (stream.readableEnded || stream.destroyed) return;
  const close = () => stream.close(constants.NGHTTP2_NO_ERROR);
  const timer = setTimeout(close, maxDiscardMs);
  stream.once("close", () => clearTimeout(timer));
  let discarded = 0;
  stream.on("data", (chunk: Buffer) => {
    discarded += chunk.length;
    if (discarded > maxDiscardedBytes) close();
  });
  stream.resume();
}
