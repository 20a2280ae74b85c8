import type { Batch, BatchPair, BatchReport } from "../contact/batch.ts";
import { ownerKey } from "../contact/pair-map.ts";
import type { RunBatch } from "../contact/run-batch.ts";
import type { Pool } from "./database.ts";
import type { Rows } from "./encoded-statement.ts";
import { isConflict } from "./sqlstate.ts";
import type { SyncStatements } from "./sync-statements.ts";
import { inSyncTransaction } from "./sync-transaction.ts";
import { withDatabaseFaults, withStaleRetries } from "./transaction.ts";
import type { WriteOptions } from "./write-connection.ts";

export interface BatchRunnerOptions {
  readonly pool: Pool;
  /** Longest that a transaction may take, in milliseconds. */
  readonly timeoutMs: number;
  /** Longest that a joined transaction waits for one lock, in milliseconds. */
  readonly lockTimeoutMs: number;
  readonly statements: SyncStatements;
}

/** Runs batches of syncs in Postgres: one transaction each, insertions first. */
export function createBatchRunner(options: BatchRunnerOptions): RunBatch {
  const { pool, timeoutMs, statements } = options;

  async function run(batch: Batch, transaction: WriteOptions): Promise<BatchReport> {
    const { inserts, deletes } = batch;
    const needed = [
      ...(inserts.length > 0 ? [statements.insert(inserts)] : []),
      ...(deletes.length > 0 ? [statements.delete(deletes)] : []),
    ];
    const results = await inSyncTransaction(pool, transaction, needed);
    const existing = inserts.length > 0 ? results[0] : [];
    const deleted = deletes.length > 0 ? results.at(-1) : [];
    return {
      inserted: without(existing ?? [], inserts),
      deleted: changedOf(deleted ?? [], deletes, batch),
    };
  }

  return (batch, { budgetMs = Infinity, waitsForLocks, takesTurn, signal }, onLost) =>
    withDatabaseFaults(async () => {
      const endsAt = performance.now() + Math.min(budgetMs, timeoutMs);
      const lockTimeoutMs = waitsForLocks ? undefined : options.lockTimeoutMs;
      try {
        return await withStaleRetries(() =>
          run(batch, { endsAt, lockTimeoutMs, takesTurn, signal, onLost }),
        );
      } catch (error) {
        if (isConflict(error)) return undefined;
        throw error;
      }
    });
}

/** The given pairs without those at the positions, which count from 1. */
function without(positions: Rows, given: readonly BatchPair[]): readonly BatchPair[] {
  if (positions.length === 0) return given;
  const found = new Set(positions.map(([position]) => Number(position)));
  return given.filter((_, n) => !found.has(n + 1));
}

/** The pairs that a statement changed, out of the given ones. */
function changedOf(
  rows: Rows,
  given: readonly BatchPair[],
  { pairs }: Batch,
): readonly BatchPair[] {
  const changes = Number(rows[0]?.[0]);
  if (changes === given.length) return given;
  if (changes === 0) return [];
  return rows.map(([, appId, ownerId, contactId]) => {
    const pair = pairs.get(ownerKey(Number(appId), ownerId as string), contactId as string);
    if (pair === undefined) throw new Error("the database reports a pair that was not given to it");
    return pair;
  });
}
