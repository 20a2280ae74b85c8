import type pg from "pg";
import type { TestProject } from "vitest/node";
import { createDatabase } from "../../src/storage/database.ts";
import { distribute } from "../../src/storage/distributed/distribute.ts";
import type { ShardRow } from "../../src/storage/distributed/shards.ts";
import { readShardRows } from "../../src/storage/distributed/shards.ts";
import { migrate } from "../../src/storage/migrate.ts";
import type { CitusCluster } from "./citus-cluster.ts";
import { findCitus, startCitusCluster } from "./citus-cluster.ts";
import { connectClient, templateDatabase, urlOf } from "./database.ts";
import { patienceMs } from "./patience.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Present if the databases of this project are distributed. */
    citus?: { readonly nodes: readonly string[]; readonly shards: readonly ShardRow[] };
  }
}

/** Few, because each test database is copied with all its shards. */
const shardCount = 8;

/** Starts Citus for a project of tests, with a distributed database that test files clone on all nodes. */
export default async function setup(
  project: TestProject,
): Promise<(() => Promise<void>) | undefined> {
  const bin = findCitus();
  if (bin === undefined) return undefined;
  const cluster = await startCitusCluster(bin);
  const nodes = cluster.nodes.map(({ url }) => url);
  const [coordinator = ""] = nodes;
  const shards = await distributeTemplate(cluster).catch(async (error) => {
    await cluster.stop();
    throw error;
  });
  for (const node of nodes) await closeTemplate(node);
  project.provide("postgresUrl", coordinator);
  project.provide("citus", { nodes, shards });
  return () => cluster.stop();
}

/** Creates the distributed template database, and returns its shards. */
export async function distributeTemplate({ nodes }: CitusCluster): Promise<readonly ShardRow[]> {
  const coordinator = urlOf(nodes[0]?.url ?? "", templateDatabase);
  await addCitus(nodes.map(({ url }) => url));
  const db = createDatabase({
    connectionString: coordinator,
    poolSize: 1,
    timeoutMs: patienceMs,
    onConnectionLost: () => {},
  });
  const { schema } = await migrate(db);
  await distribute(db, { schema, shards: shardCount });
  const rows = await readShardRows(db, schema);
  await db.destroy();
  return rows;
}

/** Creates the template database with Citus on each node, and makes the first one the coordinator. */
async function addCitus(urls: readonly string[]): Promise<void> {
  for (const url of urls) {
    await withClient(url, (admin) => admin.query(`CREATE DATABASE ${templateDatabase}`));
    const inTemplate = urlOf(url, templateDatabase);
    await withClient(inTemplate, (admin) => admin.query("CREATE EXTENSION citus"));
  }
  const [coordinator = "", ...workers] = urls;
  const addressOf = (url: string) => ["127.0.0.1", Number(new URL(url).port)];
  await withClient(urlOf(coordinator, templateDatabase), async (client) => {
    await client.query("SELECT citus_set_coordinator_host($1, $2::int)", addressOf(coordinator));
    for (const worker of workers) {
      await client.query("SELECT citus_add_node($1, $2::int)", addressOf(worker));
    }
  });
}

/** A database that anything is connected to cannot be cloned, and Citus keeps a process in each of its own. */
async function closeTemplate(url: string): Promise<void> {
  await withClient(url, async (admin) => {
    await admin.query(`ALTER DATABASE ${templateDatabase} ALLOW_CONNECTIONS false`);
    const end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1";
    while ((await admin.query(end, [templateDatabase])).rowCount !== 0);
  });
}

/** Without the options of the tests: Citus may be of a Postgres that does not know all of them. */
async function withClient(url: string, work: (client: pg.Client) => Promise<unknown>) {
  const client = await connectClient(url, { options: "" });
  try {
    await work(client);
  } finally {
    await client.end();
  }
}
