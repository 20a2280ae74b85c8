import type { Batch, SyncRequest } from "./batch.ts";
import { pairKey } from "./batch.ts";
import type { SyncOptions } from "./contact-store.ts";
import type { SyncEntry, SyncResult } from "./sync.ts";

/** A sync on its way to a transaction. */
export class Waiting implements SyncRequest {
  readonly appId: number;
  readonly entries: readonly SyncEntry[];
  readonly call: SyncOptions;
  readonly result = Promise.withResolvers<SyncResult>();
  #keys: readonly string[] | undefined;

  constructor(appId: number, entries: readonly SyncEntry[], call: SyncOptions) {
    this.appId = appId;
    this.entries = entries;
    this.call = call;
  }

  /** Made when the request is planned: a long queue of large requests would hold millions. */
  get keys(): readonly string[] {
    this.#keys ??= this.entries.map((entry) => pairKey(this.appId, entry));
    return this.#keys;
  }

  get wantsOutcomes(): boolean {
    return this.call.wantsOutcomes ?? false;
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
