import type { Kysely } from "kysely";
import { sql } from "kysely";
import type { Database } from "../schema.ts";
import { readShards } from "./shards.ts";

/** Shards of each node. The fewer there are, the more syncs share a statement, and the less a read of all costs. */
const shardsOfNode = 4;

export interface DistributeOptions {
  readonly schema: string;
  /** The number of shards. Absent: four for each node. */
  readonly shards?: number | undefined;
}

/**
 * Distributes the contacts over the nodes of Citus, by the id of the owner. The contacts of an owner are on one
 * node then. Apps and keys stay on the coordinator: every call looks them up there, and they can be used while a
 * node is away. Contacts that exist are moved. Does nothing if the table is distributed already.
 *
 * @throws Error if the database does not have Citus, or no node
 */
export async function distribute(
  db: Kysely<Database>,
  { schema, shards }: DistributeOptions,
): Promise<void> {
  const { rows } = await sql`SELECT FROM pg_extension WHERE extname = 'citus'`.execute(db);
  if (rows.length === 0) {
    throw new Error("the database does not have the extension citus; --distributed needs it");
  }
  if ((await readShards(db, schema)) !== undefined) return;
  const count = shards ?? (await countNodes(db)) * shardsOfNode;
  const table = sql`format('%I.%I', ${schema}::text, 'contact')::regclass`;
  await db.transaction().execute(async (trx) => {
    await sql`
      SELECT create_distributed_table(${table}, 'owner_id', shard_count => ${count}::integer)`.execute(
      trx,
    );
    await sql`
      SELECT truncate_local_data_after_distributing_table(${table})`.execute(trx);
  });
}

/** The number of nodes that can have shards. */
async function countNodes(db: Kysely<Database>): Promise<number> {
  const { rows } = await sql<{ nodes: number }>`
    SELECT count(*)::integer AS nodes FROM pg_dist_node
    WHERE noderole = 'primary' AND isactive AND shouldhaveshards`.execute(db);
  const nodes = rows[0]?.nodes ?? 0;
  if (nodes === 0) throw new Error("Citus has no node for shards; add one with citus_add_node");
  return nodes;
}
