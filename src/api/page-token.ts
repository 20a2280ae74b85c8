import { hash } from "node:crypto";

/** A list that is read page by page, and the call that reads it. */
export interface PagedList {
  /** The app of the caller's key. It never comes from a token. */
  readonly appId: number;
  /** Name of the RPC. */
  readonly method: string;
  /** The owner of the list. */
  readonly userId: string;
}

/** Must change when the meaning of tokens changes, so that older tokens are rejected. */
const version = 1;
const digestBytes = 12;
/** A byte order mark at the start of an id is kept. */
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Creates the token of the page that begins after a position. It contains the position and a digest of
 * the position, the list, and the call. Every server accepts it, but only for this list and call. It is
 * not a secret and gives no access: a caller who can forge one can also read the list from its first page.
 *
 * @param position the last id of the previous page
 * @returns at most 283 characters for an id of 50
 */
export function encodePageToken(list: PagedList, position: string): string {
  return Buffer.concat([digestOf(list, position), Buffer.from(position)]).toString("base64url");
}

/** The position in a token, or undefined if it is not a token of this list and call. */
export function decodePageToken(list: PagedList, token: string): string | undefined {
  const bytes = Buffer.from(token, "base64url");
  // Node skips characters that are not base64url, and ignores surplus bits.
  if (bytes.toString("base64url") !== token) return undefined;
  const position = textOf(bytes.subarray(digestBytes));
  if (position === undefined) return undefined;
  return digestOf(list, position).equals(bytes.subarray(0, digestBytes)) ? position : undefined;
}

function digestOf({ appId, method, userId }: PagedList, position: string): Buffer {
  const text = JSON.stringify([version, appId, method, userId, position]);
  return hash("sha256", text, "buffer").subarray(0, digestBytes);
}

/** Reads an id in UTF-8. An id is never empty and contains no NUL, which the database rejects. */
function textOf(bytes: Uint8Array): string | undefined {
  try {
    const text = utf8.decode(bytes);
    return text === "" || text.includes("\0") ? undefined : text;
  } catch {
    return undefined;
  }
}
