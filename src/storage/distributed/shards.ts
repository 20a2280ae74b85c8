import type { QueryExecutorProvider } from "kysely";
import { sql } from "kysely";
import { hashText } from "./text-hash.ts";

/** Where the contacts of each owner are, in a database that Citus distributes. */
export interface Shards {
  /** The number of the shard of an owner. Owners of one shard can share a statement. */
  shardOf(ownerId: string): number;
  /** The number of the node that has a shard. Shards of one node can share a transaction of one phase. */
  nodeOf(shard: number): number;
  /** The number of nodes that have shards. */
  readonly nodes: number;
}

/** A shard, and the group of the node that has it. */
export interface ShardRow {
  /** The lowest hash of the shard. */
  readonly least: number;
  readonly node: number;
}

/**
 * Reads the shards of the table of contacts. A later move or split of shards makes statements slower, not wrong:
 * Citus routes each row by itself.
 *
 * @returns undefined if the table is not distributed
 * @throws Error if the server is not the coordinator
 */
export async function readShards(
  db: QueryExecutorProvider,
  schema: string,
): Promise<Shards | undefined> {
  const rows = await readShardRows(db, schema);
  return rows.length === 0 ? undefined : createShards(rows);
}

/** The shards in the order of their hashes. None if the table is not distributed. */
export async function readShardRows(
  db: QueryExecutorProvider,
  schema: string,
): Promise<readonly ShardRow[]> {
  const { rows: found } = await sql`
    SELECT FROM pg_class WHERE oid = to_regclass('pg_catalog.pg_dist_partition')`.execute(db);
  if (found.length === 0) return [];
  const { rows } = await sql<ShardRow & { readonly is_coordinator: boolean }>`
    SELECT shardminvalue::integer AS least, min(pg_dist_placement.groupid) AS node,
      (SELECT groupid = 0 FROM pg_dist_local_group) AS is_coordinator
    FROM pg_dist_shard JOIN pg_dist_placement USING (shardid)
    WHERE logicalrelid = (
      SELECT pg_class.oid FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
      WHERE nspname = ${schema} AND relname = 'contact')
    GROUP BY shardid, shardminvalue ORDER BY least`.execute(db);
  // Locks on the coordinator order the transactions of all processes.
  if (rows.some((row) => !row.is_coordinator)) {
    throw new Error("the server is a worker of Citus; Kith needs the coordinator");
  }
  return rows.map(({ least, node }) => ({ least, node }));
}

/** @param rows in the order of their hashes */
export function createShards(rows: readonly ShardRow[]): Shards {
  const nodes = [...new Set(rows.map(({ node }) => node))];
  const nodeOfShard = rows.map(({ node }) => nodes.indexOf(node));
  return {
    shardOf(ownerId) {
      const hash = hashText(ownerId);
      let [low, high] = [0, rows.length - 1];
      while (low < high) {
        const middle = (low + high + 1) >> 1;
        if ((rows[middle] as ShardRow).least <= hash) low = middle;
        else high = middle - 1;
      }
      return low;
    },
    nodeOf: (shard) => nodeOfShard[shard] ?? 0,
    nodes: nodes.length,
  };
}
