import type { IncomingHttpHeaders } from "node:http2";
import type { Fault } from "../errors.ts";
import { fault } from "../errors.ts";

/** Size limit of the headers of a request, in bytes, as HTTP/2 counts them. */
const maxHeaderListSize = 16_384;
/** Bytes that HTTP/2 adds for each header (RFC 9113, section 6.5.2). */
const headerOverhead = 32;

/**
 * The limits that Node itself has. It resets a stream that exceeds them without telling the server, so they
 * are larger, and such requests get a response. One header of about 64 kB or more ends the connection:
 * Node's HPACK decoder does not read it.
 */
export const nodeHeaderLimits = {
  maxHeaderListSize: 8 * maxHeaderListSize,
  maxHeaderListPairs: (8 * maxHeaderListSize) / headerOverhead,
};

/** URI_TOO_LONG or HEADERS_TOO_LARGE, if the headers of a request exceed the limit. */
export function findHeadersFault(
  headers: IncomingHttpHeaders,
  rawHeaders: readonly string[],
): Fault | undefined {
  let size = (rawHeaders.length / 2) * headerOverhead;
  for (const text of rawHeaders) size += text.length;
  if (size <= maxHeaderListSize) return undefined;
  const isPathTooLong = (headers[":path"] ?? "").length > maxHeaderListSize;
  const limit = maxHeaderListSize.toLocaleString("en-US");
  return fault(isPathTooLong ? "URI_TOO_LONG" : "HEADERS_TOO_LARGE", { limit });
}
