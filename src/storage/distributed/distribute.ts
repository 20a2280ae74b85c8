import type { Kysely } from "kysely";
import { sql } from "kysely";
import type { Database } from "../schema.ts";
import { readShards } from "./shards.ts";

export interface DistributeOptions {
  readonly schema: string;
  readonly shards: number;
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
  const table = sql`format('%I.%I', ${schema}::text, 'contact')::regclass`;
  await db.transaction().execute(async (trx) => {
    await sql`
      SELECT create_distributed_table(${table}, 'owner_id', shard_count => ${shards}::integer)`.execute(
      trx,
    );
    await sql`
      SELECT truncate_local_data_after_distributing_table(${table})`.execute(trx);
  });
}
