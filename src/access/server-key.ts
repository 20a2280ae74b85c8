import { hash, randomBytes } from "node:crypto";
import type { Fault } from "../errors.ts";
import { fault } from "../errors.ts";

/** The two parts of a Server-Key. Only its holder knows the secret. The database stores its hash. */
export interface ServerKey {
  readonly id: string;
  readonly secret: string;
}

/** The maximum length of a key id, in characters. Ids that Kith generates have 20. */
export const maxKeyIdLength = 255;

/** Base64 in the standard alphabet, with or without padding. */
const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?$/;

// Creating these for each rejected call would cost more than the check.
const missing = fault("SERVER_KEY_MISSING");
const malformed = fault("SERVER_KEY_MALFORMED");

/**
 * Parses the value of the header `Server-Key: base64(KEY_ID:KEY_SECRET)` (documented contract).
 *
 * @returns Fault SERVER_KEY_MISSING or SERVER_KEY_MALFORMED if it is not valid
 */
export function parseServerKey(header: string | null | undefined): ServerKey | Fault {
  if (header === null || header === undefined || header === "") return missing;
  if (!base64.test(header)) return malformed;
  return splitServerKey(Buffer.from(header, "base64").toString()) ?? malformed;
}

/** Splits `id:secret` at the first colon. Returns undefined if a part is empty or missing. */
export function splitServerKey(text: string): ServerKey | undefined {
  const colon = text.indexOf(":");
  if (colon < 1 || colon === text.length - 1) return undefined;
  return { id: text.slice(0, colon), secret: text.slice(colon + 1) };
}

/** The value of the `Server-Key` header for this key. */
export function serverKeyHeader({ id, secret }: ServerKey): string {
  return Buffer.from(`${id}:${secret}`).toString("base64");
}

/** Generates a key with a random id of 80 bits and a random secret of 256 bits. */
export function generateServerKey(): ServerKey {
  return { id: randomBytes(10).toString("hex"), secret: randomBytes(32).toString("base64url") };
}

/** SHA-256, 32 bytes. A fast hash is enough, because secrets are random and not chosen by people. */
export function hashSecret(secret: string): Buffer {
  return hash("sha256", secret, "buffer");
}
