import type { RunBatch } from "../contact/run-batch.ts";
import type { TransactBatch } from "./batch-transaction.ts";
import { isConflict } from "./sqlstate.ts";
import { withDatabaseFaults, withStaleRetries } from "./transaction.ts";

export interface BatchRunnerOptions {
  readonly transact: TransactBatch;
  /** Longest that a transaction may take, in milliseconds. */
  readonly timeoutMs: number;
  /** Longest that a joined transaction waits for one lock, in milliseconds. */
  readonly lockTimeoutMs: number;
}

/** Runs batches of syncs in Postgres: one transaction each, insertions first. */
export function createBatchRunner({ transact, ...options }: BatchRunnerOptions): RunBatch {
  return (batch, { budgetMs = Infinity, waitsForLocks, takesTurn, signal }, onLost) =>
    withDatabaseFaults(async () => {
      const endsAt = performance.now() + Math.min(budgetMs, options.timeoutMs);
      const lockTimeoutMs = waitsForLocks ? undefined : options.lockTimeoutMs;
      try {
        return await withStaleRetries(() =>
          transact(batch, { endsAt, lockTimeoutMs, takesTurn, signal, onLost }),
        );
      } catch (error) {
        if (isConflict(error)) return undefined;
        throw error;
      }
    });
}
