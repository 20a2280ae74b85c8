import type { Batch, SyncRequest } from "./batch.ts";
import type { SyncOptions } from "./contact-store.ts";
import { ownerKey } from "./pair-map.ts";
import type { SyncEntry, SyncResult } from "./sync.ts";

/** A sync on its way to a transaction. */
export class Waiting implements SyncRequest {
  readonly appId: number;
  readonly entries: readonly SyncEntry[];
  readonly call: SyncOptions;
  readonly result = Promise.withResolvers<SyncResult>();
  #owners: readonly string[] | undefined;

  constructor(appId: number, entries: readonly SyncEntry[], call: SyncOptions) {
    this.appId = appId;
    this.entries = entries;
    this.call = call;
  }

  /** Made when the request is planned: a long queue of large requests would hold millions. */
  get owners(): readonly string[] {
    this.#owners ??= this.#ownersOfEntries();
    return this.#owners;
  }

  get wantsOutcomes(): boolean {
    return this.call.wantsOutcomes ?? false;
  }

  /** Entries of one owner mostly stand together, and share one key. */
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

/** Transactions of one kind: the requests that wait for one, and how many more may begin. */
export class Lane {
  /** In the order of their arrival. */
  waiting: Waiting[] = [];
  free: number;
  requestsUnderWay = 0;
  /** Most entries in a batch; a single request may have more. */
  readonly maxEntries: number;

  constructor(maxInFlight: number, maxEntries: number) {
    this.free = maxInFlight;
    this.maxEntries = maxEntries;
  }

  /** A transaction begins: its requests wait no more. */
  enter({ requests }: Batch<Waiting>): void {
    const entered = new Set(requests);
    this.waiting = this.waiting.filter((request) => !entered.has(request));
    this.requestsUnderWay += requests.length;
    this.free -= 1;
  }

  /** A transaction has ended. */
  leave({ requests }: Batch<Waiting>): void {
    this.requestsUnderWay -= requests.length;
    this.free += 1;
  }
}
