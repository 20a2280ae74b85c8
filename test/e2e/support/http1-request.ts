import { restPath } from "./calls.ts";
import type { Served } from "./served.ts";

/** The body of a valid request. */
export const syncBody = '{"contacts":[{"ownerXCUserID":"a","contactXCUserID":"b"}]}';

export interface RequestParts {
  readonly line?: string;
  /** The lines between the request line and the Server-Key. Default: `Host: x`. */
  readonly head?: readonly string[];
  readonly body?: string;
  /** Leaves out Content-Length. */
  readonly unsized?: boolean;
}

/** The text of a REST request that is valid except for the given parts. */
export function http1Request(
  { header }: Served,
  { line = `POST ${restPath} HTTP/1.1`, head = ["Host: x"], ...rest }: RequestParts = {},
): string {
  const text = rest.body ?? syncBody;
  const lines = [line, ...head, `Server-Key: ${header}`, "Content-Type: application/json"];
  if (!rest.unsized) lines.push(`Content-Length: ${text.length}`);
  return `${lines.join("\r\n")}\r\n\r\n${text}`;
}

/** The statuses of a request that the HTTP parser rejects. */
export const rejectedStatuses = [400, 408, 413, 414, 431, 501, 505];
