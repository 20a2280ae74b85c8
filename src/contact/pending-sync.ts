import type { SyncRequest } from "./batch.ts";
import type { SyncOptions } from "./contact-store.ts";
import { ownerKey } from "./pair-map.ts";
import type { SyncEntry, SyncResult } from "./sync.ts";

/** A sync that has no result yet. */
export class PendingSync implements SyncRequest {
  readonly appId: number;
  readonly entries: readonly SyncEntry[];
  readonly call: SyncOptions;
  /** The syncs of one group can share a transaction. */
  readonly group: number;
  readonly result = Promise.withResolvers<SyncResult>();
  /** Transactions of this request that were rolled back because of concurrent ones. */
  conflicts = 0;
  /** When the request came into its queue, in milliseconds of `performance.now()`. */
  queuedAt = performance.now();
  #owners: readonly string[] | undefined;

  constructor(appId: number, entries: readonly SyncEntry[], call: SyncOptions, group = 0) {
    this.appId = appId;
    this.entries = entries;
    this.call = call;
    this.group = group;
  }

  /** Created when the request is planned. A long queue of large requests would hold millions of keys. */
  get owners(): readonly string[] {
    this.#owners ??= this.#ownersOfEntries();
    return this.#owners;
  }

  get wantsOutcomes(): boolean {
    return this.call.wantsOutcomes ?? false;
  }

  /** Entries of one owner usually follow each other, and share one key. */
  #ownersOfEntries(): string[] {
    let previous: string | undefined;
    let key = "";
    return this.entries.map(({ ownerId }) => {
      if (ownerId !== previous) {
        previous = ownerId;
        key = ownerKey(this.appId, ownerId);
      }
      return key;
    });
  }
}
