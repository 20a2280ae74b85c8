import { hash } from "node:crypto";

/** The list that pages are read from, and the call that reads them. */
export interface PagedList {
  /** From the key of the caller, never from a token. */
  readonly appId: number;
  /** Name of the RPC. */
  readonly method: string;
  /** Whose list it is. */
  readonly userId: string;
}

/** A change of what tokens mean has to change this, so that older tokens are refused. */
const version = 1;
const digestBytes = 12;
/** A byte order mark may begin an id, and is kept. */
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Makes the token of the page that begins behind a position. It carries the position, and a digest of
 * the position, the list and the call: every server takes it, and no other list or call does. It is no
 * secret, and gives no access: whoever makes one by hand could as well ask from the first page on.
 *
 * @param position the last id of the page before
 * @returns at most 283 characters for an id of 50
 */
export function encodePageToken(list: PagedList, position: string): string {
  return Buffer.concat([digestOf(list, position), Buffer.from(position)]).toString("base64url");
}

/** The position that a token carries; undefined where it is not a token of this list and call. */
export function decodePageToken(list: PagedList, token: string): string | undefined {
  const bytes = Buffer.from(token, "base64url");
  // Node reads past what is not base64url, and takes bits that no byte has.
  if (bytes.toString("base64url") !== token) return undefined;
  const position = textOf(bytes.subarray(digestBytes));
  if (position === undefined) return undefined;
  return digestOf(list, position).equals(bytes.subarray(0, digestBytes)) ? position : undefined;
}

function digestOf({ appId, method, userId }: PagedList, position: string): Buffer {
  const text = JSON.stringify([version, appId, method, userId, position]);
  return hash("sha256", text, "buffer").subarray(0, digestBytes);
}

/** An id in UTF-8: no id is empty, or has a NUL, which the database would not take. */
function textOf(bytes: Uint8Array): string | undefined {
  try {
    const text = utf8.decode(bytes);
    return text === "" || text.includes("\0") ? undefined : text;
  } catch {
    return undefined;
  }
}
