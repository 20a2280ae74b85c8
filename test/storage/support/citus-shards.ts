import type pg from "pg";
import { inject } from "vitest";
import { urlOf } from "../../support/database.ts";
import { openSession } from "./session.ts";

export interface OpenShard {
  /** A connection to the worker that has the shard. It can change the shard. */
  readonly worker: pg.Client;
  /** The name of the table of the shard. */
  readonly shard: string;
}

/** Opens a connection to the shard of an owner. It is closed when the running test ends. */
export async function openShard(url: string, ownerId: string): Promise<OpenShard> {
  const session = await openSession(url);
  const { rows } = await session.query<{ name: string; port: number }>(
    `SELECT 'contact_' || shardid AS name, nodeport AS port FROM pg_dist_placement
       JOIN pg_dist_node USING (groupid)
     WHERE shardid = get_shard_id_for_distribution_column('contact', $1::text)`,
    [ownerId],
  );
  const [found] = rows;
  const node = inject("citus")?.nodes.find((url) => Number(new URL(url).port) === found?.port);
  const worker = await openSession(urlOf(node ?? "", new URL(url).pathname.slice(1)));
  await worker.query("SET citus.enable_manual_changes_to_shards TO on");
  return { worker, shard: found?.name ?? "" };
}
