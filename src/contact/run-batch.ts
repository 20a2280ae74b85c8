import type { Batch, BatchReport } from "./batch.ts";
import type { PendingSync } from "./pending-sync.ts";
import type { QueueName } from "./sync-queue.ts";

/**
 * Runs a batch in one transaction. Resolves to undefined if the transaction was rolled back because of a
 * concurrent one. Rejects with a Fault; any other error is a bug.
 */
export type RunBatch = (
  batch: Batch<PendingSync>,
  limits: BatchTimeLimits,
  onLost: OnLost,
) => Promise<BatchReport | undefined>;

/**
 * Called if the connection of a transaction is lost, so that the transaction may still be in progress in
 * the database. The promise resolves when it is known to have ended. It never rejects.
 */
export type OnLost = (ended: Promise<void>) => void;

export interface BatchTimeLimits {
  readonly queue: QueueName;
  /** Milliseconds for the whole transaction; absent: the default. */
  readonly budgetMs?: number | undefined;
  /** Ends a transaction that waits for locks. Absent: only the budget ends it. */
  readonly signal?: Pick<AbortSignal, "aborted"> | undefined;
  /** True: waits for locks until the budget is spent. False: waits for each lock only shortly. */
  readonly waitsForLocks: boolean;
  /** True: waits until no other transaction that takes turns is in progress, in any process. */
  readonly takesTurn: boolean;
}
