import type pg from "pg";
import type { Batch, BatchPair } from "../contact/batch.ts";
import type { BatchTimeLimits, RunBatch } from "../contact/group-commit.ts";
import { ownerKey } from "../contact/pair-map.ts";
import { integerArray } from "./array-parameter.ts";
import type { EncodedStatement, Rows } from "./encoded-statement.ts";
import { ownerLock, ownerLockSpace } from "./owner-lock.ts";
import { inPipelinedTransaction } from "./pipeline.ts";
import type { SyncStatements } from "./sync-statements.ts";
import { limitStatements } from "./time-limit.ts";
import { withRetries } from "./transaction.ts";

export interface BatchRunnerOptions {
  readonly pool: pg.Pool;
  /** Longest that a statement may run by default, in milliseconds. A transaction may have less, not more. */
  readonly statementTimeoutMs: number;
  readonly statements: SyncStatements;
}

/** Runs batches of syncs in Postgres: one transaction each, insertions first. */
export function createBatchRunner(options: BatchRunnerOptions): RunBatch {
  const { pool, statements, statementTimeoutMs } = options;

  return (batch, limits) =>
    withRetries(async () => {
      const { inserts, deletes } = batch;
      const before = [...timeLimits(limits, statementTimeoutMs), shareOwnerLocks(batch)];
      const results = await inPipelinedTransaction(pool, [
        ...before,
        statements.insert(inserts),
        statements.delete(deletes),
      ]);
      const [inserted = [], deleted = []] = results.slice(before.length);
      return {
        inserted: changedOf(inserted, inserts, batch),
        deleted: changedOf(deleted, deletes, batch),
      };
    });
}

/** The limits of a transaction that waits for locks as long as its caller does. */
function timeLimits(
  { statementMs = Infinity, waitsForLocks }: BatchTimeLimits,
  mostMs: number,
): EncodedStatement[] {
  return waitsForLocks ? [limitStatements(Math.min(statementMs, mostMs))] : [];
}

/** Takes the locks in their order, and returns no rows. */
const shareOwnerLocksText = `SELECT FROM unnest($1::integer[]) AS lock (id)
  WHERE pg_advisory_xact_lock_shared(${ownerLockSpace}, lock.id) IS NULL`;

function shareOwnerLocks({ inserts, deletes }: Batch): EncodedStatement {
  const locks = new Set<number>();
  for (const { appId, ownerId } of [...inserts, ...deletes]) locks.add(ownerLock(appId, ownerId));
  return {
    name: "share_owner_locks",
    text: shareOwnerLocksText,
    values: [integerArray([...locks].sort((a, b) => a - b))],
  };
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
