import type { Batch, BatchPair, BatchReport } from "../contact/batch.ts";
import { ownerKey } from "../contact/pair-map.ts";
import type { Pool } from "./database.ts";
import type { Rows } from "./encoded-statement.ts";
import type { SyncStatements } from "./sync-statements.ts";
import { inSyncTransaction } from "./sync-transaction.ts";
import type { WriteOptions } from "./write-connection.ts";

/** Runs a batch of syncs in one transaction, insertions first. @throws the error of the driver */
export type TransactBatch = (batch: Batch, transaction: WriteOptions) => Promise<BatchReport>;

export interface BatchTransactionOptions {
  readonly pool: Pool;
  readonly statements: SyncStatements;
}

export function createBatchTransaction({
  pool,
  statements,
}: BatchTransactionOptions): TransactBatch {
  return async (batch, transaction) => {
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
  };
}

/** The given pairs without those at the positions, which count from 1. */
function without(positions: Rows, given: readonly BatchPair[]): readonly BatchPair[] {
  if (positions.length === 0) return given;
  const found = new Set(positions.map(([position]) => Number(position)));
  return given.filter((_, n) => !found.has(n + 1));
}

/** The pairs that a statement changed, out of the given ones. */
function changedOf(rows: Rows, given: readonly BatchPair[], batch: Batch): readonly BatchPair[] {
  const changes = Number(rows[0]?.[0]);
  if (changes === given.length) return given;
  if (changes === 0) return [];
  return rows.map(([, ...columns]) => pairOf(batch, columns));
}

/** The pair of a batch with these columns: app, owner and contact. */
export function pairOf({ pairs }: Batch, columns: readonly (string | null)[]): BatchPair {
  const [appId, ownerId, contactId] = columns;
  const pair = pairs.get(ownerKey(Number(appId), ownerId as string), contactId as string);
  if (pair === undefined) throw new Error("the database reports a pair that was not given to it");
  return pair;
}
