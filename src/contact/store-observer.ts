import type { Backlogs } from "./backlogs.ts";
import type { Batch } from "./batch.ts";
import type { ContactReplacer } from "./contact-store.ts";
import type { PendingSync } from "./pending-sync.ts";
import type { RunBatch } from "./run-batch.ts";
import type { QueueName, SyncQueue } from "./sync-queue.ts";

/** A transaction of syncs that has ended. */
export interface EndedTransaction {
  readonly queue: QueueName;
  /** `conflict`: it was rolled back because of a concurrent one, and its requests are retried. */
  readonly outcome: "committed" | "conflict" | "failed";
  readonly batch: Batch<PendingSync>;
  /** On the clock of `performance.now()`, in milliseconds. */
  readonly startedAt: number;
  readonly endedAt: number;
}

/** Receives what a store does. Its methods must not throw. */
export interface StoreObserver {
  /** Called once, with the queues of the syncs. */
  watchQueues(queues: readonly SyncQueue[]): void;
  /** Called once, with the work that is pending. */
  watchBacklogs(backlogs: Backlogs): void;
  /** Called for each transaction of syncs, before its requests get their results. */
  onTransaction(transaction: EndedTransaction): void;
  /** Called for each round trip of joined reads. */
  onReads(count: number): void;
  /** Called when rows have changed. */
  onChange(rows: { readonly inserted: number; readonly deleted: number }): void;
}

/** One observer that passes everything on to several, or undefined if there are none. */
export function joinObservers(
  observers: readonly (StoreObserver | undefined)[],
): StoreObserver | undefined {
  const [first, ...others] = observers.filter((observer) => observer !== undefined);
  if (first === undefined || others.length === 0) return first;
  const all = [first, ...others];
  return {
    watchQueues: (queues) => all.forEach((observer) => void observer.watchQueues(queues)),
    watchBacklogs: (backlogs) => all.forEach((observer) => void observer.watchBacklogs(backlogs)),
    onTransaction: (ended) => all.forEach((observer) => void observer.onTransaction(ended)),
    onReads: (count) => all.forEach((observer) => void observer.onReads(count)),
    onChange: (rows) => all.forEach((observer) => void observer.onChange(rows)),
  };
}

/** Reports each transaction to the observer. */
export function observeTransactions(
  runBatch: RunBatch,
  observer: StoreObserver | undefined,
): RunBatch {
  if (observer === undefined) return runBatch;
  return async (batch, limits, onLost) => {
    const startedAt = performance.now();
    let outcome: EndedTransaction["outcome"] = "failed";
    try {
      const report = await runBatch(batch, limits, onLost);
      outcome = report === undefined ? "conflict" : "committed";
      if (report !== undefined) {
        observer.onChange({ inserted: report.inserted.length, deleted: report.deleted.length });
      }
      return report;
    } finally {
      const endedAt = performance.now();
      observer.onTransaction({ queue: limits.queue, outcome, batch, startedAt, endedAt });
      // If a request is retried, it waits in a queue from now on.
      for (const request of batch.requests) request.queuedAt = endedAt;
    }
  };
}

/** Reports the rows that replacements change to the observer. */
export function observeReplacements(
  replacer: ContactReplacer,
  observer: StoreObserver | undefined,
): ContactReplacer {
  if (observer === undefined) return replacer;
  return {
    async replace(appId, ownerId, replacement, options) {
      const counts = await replacer.replace(appId, ownerId, replacement, options);
      if (!replacement.isDryRun) observer.onChange(counts);
      return counts;
    },
  };
}
