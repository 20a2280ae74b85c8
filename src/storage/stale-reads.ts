import type { ContactReader, ReadOptions } from "../contact/contact-store.ts";
import type { Replica } from "./replica.ts";

export interface StaleReadsOptions {
  readonly primary: ContactReader;
  /** Reads from the replica. */
  readonly stale: ContactReader;
  readonly replica: Replica;
}

/** Lets the replica answer the reads that allow it. The primary answers if it is too far behind, or fails. */
export function createStaleReads({ primary, stale, replica }: StaleReadsOptions): ContactReader {
  async function prefer<T>(
    { allowsStale, signal }: ReadOptions,
    read: (reader: ContactReader) => Promise<T>,
  ): Promise<T> {
    if (allowsStale && replica.isFresh()) {
      try {
        return await read(stale);
      } catch {
        signal.throwIfAborted();
      }
    }
    return read(primary);
  }

  return {
    listContacts: (appId, id, page, options) =>
      prefer(options, (reader) => reader.listContacts(appId, id, page, options)),
    listOwners: (appId, id, page, options) =>
      prefer(options, (reader) => reader.listOwners(appId, id, page, options)),
    listMutual: (appId, id, page, options) =>
      prefer(options, (reader) => reader.listMutual(appId, id, page, options)),
    check: (appId, pairs, options) =>
      prefer(options, (reader) => reader.check(appId, pairs, options)),
    count: (appId, id, options) => prefer(options, (reader) => reader.count(appId, id, options)),
    fingerprint: (appId, id, options) =>
      prefer(options, (reader) => reader.fingerprint(appId, id, options)),
  };
}
