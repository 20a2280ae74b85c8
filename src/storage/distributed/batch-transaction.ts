import type { Batch, BatchPair } from "../../contact/batch.ts";
import type { TransactBatch } from "../batch-transaction.ts";
import { pairOf } from "../batch-transaction.ts";
import type { Pool } from "../database.ts";
import type { EncodedStatement, Rows } from "../encoded-statement.ts";
import { inSyncTransaction } from "../sync-transaction.ts";
import { openWrite } from "./owner-locks.ts";
import type { Shards } from "./shards.ts";
import { deletePairs, insertPairs } from "./write-statements.ts";

export interface DistributedBatchOptions {
  readonly pool: Pool;
  readonly shards: Shards;
}

interface Change {
  readonly kind: "inserted" | "deleted";
  readonly statement: EncodedStatement;
}

/**
 * Runs a batch in a distributed table, with the statements of each shard by itself. Citus finds the shard of such
 * a statement at once, and sends all of one node over one connection. If the batch changes several nodes, Citus
 * commits in two phases.
 */
export function createDistributedBatch({ pool, shards }: DistributedBatchOptions): TransactBatch {
  return async (batch, transaction) => {
    const changes = changesOf(batch, shards);
    const statements = [
      ...openWrite(ownersOf(batch), transaction.lockTimeoutMs ?? 0),
      ...changes.map(({ statement }) => statement),
    ];
    const all = await inSyncTransaction(pool, transaction, statements);
    const results = all.slice(statements.length - changes.length);
    const rowsOf = (kind: Change["kind"]) =>
      results.filter((_, n) => changes[n]?.kind === kind).flat();
    return {
      inserted: changedOf(rowsOf("inserted"), batch.inserts, batch),
      deleted: changedOf(rowsOf("deleted"), batch.deletes, batch),
    };
  };
}

/** The statements of one shard follow each other, and its insertions precede its deletions. */
function changesOf({ inserts, deletes }: Batch, shards: Shards): Change[] {
  const inserted = byShard(inserts, shards);
  const deleted = byShard(deletes, shards);
  const touched = [...new Set([...inserted.keys(), ...deleted.keys()])].sort((a, b) => a - b);
  return touched.flatMap((shard) => [
    ...insertPairs(inserted.get(shard) ?? []).map((statement) => change("inserted", statement)),
    ...deletePairs(deleted.get(shard) ?? []).map((statement) => change("deleted", statement)),
  ]);
}

function change(kind: Change["kind"], statement: EncodedStatement): Change {
  return { kind, statement };
}

/** The pairs of each shard, in their order. Pairs of one owner follow each other. */
function byShard(pairs: readonly BatchPair[], { shardOf }: Shards): Map<number, BatchPair[]> {
  const found = new Map<number, BatchPair[]>();
  let previous: string | undefined;
  let list: BatchPair[] = [];
  for (const pair of pairs) {
    if (pair.ownerId !== previous) {
      previous = pair.ownerId;
      const shard = shardOf(pair.ownerId);
      list = found.get(shard) ?? [];
      found.set(shard, list);
    }
    list.push(pair);
  }
  return found;
}

function ownersOf({ inserts, deletes }: Batch): Set<string> {
  return new Set([...inserts, ...deletes].map(({ ownerId }) => ownerId));
}

function changedOf(rows: Rows, given: readonly BatchPair[], batch: Batch): readonly BatchPair[] {
  return rows.length === given.length ? given : rows.map((columns) => pairOf(batch, columns));
}
