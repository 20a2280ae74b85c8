import { randomBytes } from "node:crypto";
import type { Kysely } from "kysely";
import pg from "pg";
import { inject, onTestFinished } from "vitest";
import type { Pool } from "../../src/storage/database.ts";
import { createDatabaseOn, createPool } from "../../src/storage/database.ts";
import type { Database } from "../../src/storage/schema.ts";
import { hostileDefaults, usualOptions } from "./hostile-defaults.ts";
import { patienceMs } from "./patience.ts";
import { throughPooler } from "./pgbouncer.ts";

export const templateDatabase = "kith_template";

/** The connection string of another database on the same server. */
export function urlOf(connectionString: string, database: string): string {
  const url = new URL(connectionString);
  url.pathname = `/${database}`;
  return url.href;
}

/**
 * Opens a connection. If the server ends it, for example because its database is dropped, its queries fail, but no
 * error ends the test run.
 */
export async function connectClient(
  connectionString: string,
  config: pg.ClientConfig = {},
): Promise<pg.Client> {
  const client = new pg.Client({ connectionString, options: usualOptions, ...config });
  client.on("error", () => {});
  await client.connect();
  return client;
}

/** Runs a function with a client of the server's administration database. */
export async function withAdmin<T>(
  connectionString: string,
  work: (admin: pg.Client) => Promise<T>,
): Promise<T> {
  const admin = await connectClient(connectionString);
  try {
    return await work(admin);
  } finally {
    await admin.end();
  }
}

export interface TestDatabase {
  readonly url: string;
  drop(): Promise<void>;
}

export interface TestDatabaseOptions {
  /** The template of the database. Default: the migrated database. `template0` is an empty one. */
  readonly template?: string;
  /** Initial settings of all sessions on the database. */
  readonly defaults?: Readonly<Record<string, string>>;
}

/**
 * A project of the test configuration sets this to `hostile`. Every test database then has defaults that the
 * service must not depend on.
 */
const usualDefaults = process.env.TEST_DATABASE_DEFAULTS === "hostile" ? hostileDefaults : {};

/** Creates a database for one test or one test file. */
export async function createTestDatabase({
  template = templateDatabase,
  defaults = usualDefaults,
}: TestDatabaseOptions = {}): Promise<TestDatabase> {
  const server = inject("postgresUrl");
  const nodes = inject("citus")?.nodes ?? [server];
  const name = `test_${randomBytes(6).toString("hex")}`;
  const onNodes = (work: (admin: pg.Client) => Promise<unknown>) =>
    Promise.all(nodes.map((node) => withAdmin(node, work)));
  await onNodes((admin) => cloneDatabase(admin, template, name));
  await withAdmin(server, async (admin) => {
    for (const [setting, value] of Object.entries(defaults)) {
      // The search path is a list, so it must not be quoted as one name.
      const text = setting === "search_path" ? value : admin.escapeLiteral(value);
      await admin.query(`ALTER DATABASE ${name} SET ${setting} TO ${text}`);
    }
  });
  return {
    url: urlOf(server, name),
    async drop() {
      for (const node of nodes) await withAdmin(node, (admin) => dropDatabase(admin, name));
    },
  };
}

/** The database is in use. Citus has processes in its databases that come and go, and prepared transactions. */
const isInUse = (error: unknown) =>
  inject("citus") !== undefined && (error as pg.DatabaseError).code === "55006";

async function cloneDatabase(admin: pg.Client, template: string, name: string): Promise<void> {
  const end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1";
  for (;;) {
    try {
      await admin.query(`CREATE DATABASE ${name} TEMPLATE ${template}`);
      return;
    } catch (error) {
      if (!isInUse(error)) throw error;
      await admin.query(end, [template]);
    }
  }
}

/** The whole cluster of Citus is removed at the end, so a database may stay there. */
async function dropDatabase(admin: pg.Client, name: string): Promise<void> {
  try {
    await admin.query(`DROP DATABASE ${name} WITH (FORCE)`);
  } catch (error) {
    if (!isInUse(error)) throw error;
  }
}

/** How the service reaches the database: directly, or through the pooler of the project. */
export function serviceConnection(url: string) {
  const pooler = inject("pooler");
  if (pooler === undefined) return { connectionString: url };
  return { connectionString: throughPooler(url, pooler.port), prepares: pooler.prepares };
}

/** A Kysely instance on the database. It is closed when the test ends. */
export function openDatabase(url: string, poolSize = 10): Kysely<Database> {
  return createDatabaseOn(openPool(url, poolSize));
}

/** A connection pool like that of the service. It is closed when the test ends. */
export function openPool(url: string, poolSize = 10): Pool {
  const pool = createPool({
    ...serviceConnection(url),
    poolSize,
    timeoutMs: patienceMs,
    onConnectionLost: () => {},
  });
  onTestFinished(() => pool.end());
  return pool;
}
