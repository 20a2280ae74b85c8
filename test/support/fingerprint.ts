import { createHash } from "node:crypto";

/** The distinct ids in the order of their UTF-8 bytes. */
export function inByteOrder(ids: Iterable<string>): string[] {
  return [...new Set(ids)].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}

/** The fingerprint of a list of contacts, computed as the contract documents it for clients. */
export function fingerprintOf(ids: Iterable<string>): string {
  const hash = createHash("sha256");
  for (const id of inByteOrder(ids)) hash.update(`${id}\0`);
  return hash.digest("hex").slice(0, 32);
}
