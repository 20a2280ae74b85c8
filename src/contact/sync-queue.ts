import type { Batch } from "./batch.ts";
import type { PendingSync } from "./pending-sync.ts";

/** `retries`: requests that run alone after a failure. `lock-waits`: those that wait for locks then. */
export type QueueName = "joined" | "retries" | "lock-waits";

export interface SyncQueueOptions {
  readonly name: QueueName;
  /** Most transactions in flight at once. */
  readonly maxInFlight: number;
  /** Most entries in a batch. A single request may have more. */
  readonly maxEntries: number;
}

/** The requests that wait for a transaction of one kind, and the number of transactions that may begin. */
export class SyncQueue {
  readonly name: QueueName;
  /** In the order of their arrival. */
  pending: PendingSync[] = [];
  /** Transactions that may begin now. */
  free: number;
  requestsInFlight = 0;
  /** Most entries in a batch. A single request may have more. */
  readonly maxEntries: number;

  constructor({ name, maxInFlight, maxEntries }: SyncQueueOptions) {
    this.name = name;
    this.free = maxInFlight;
    this.maxEntries = maxEntries;
  }

  /** A transaction begins, and takes its requests from the queue. */
  begin({ requests }: Batch<PendingSync>): void {
    const taken = new Set(requests);
    this.pending = this.pending.filter((request) => !taken.has(request));
    this.requestsInFlight += requests.length;
    this.free -= 1;
  }

  /** A transaction has ended. */
  end({ requests }: Batch<PendingSync>): void {
    this.requestsInFlight -= requests.length;
    this.free += 1;
  }

  /** Removes the requests that match, and returns them. */
  remove(matches: (request: PendingSync) => boolean): readonly PendingSync[] {
    const removed = this.pending.filter(matches);
    if (removed.length > 0) this.pending = this.pending.filter((request) => !matches(request));
    return removed;
  }
}
