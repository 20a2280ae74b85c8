import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { startEmbeddedPostgres } from "../../src/embedded/postgres.ts";
import { createDatabase } from "../../src/storage/database.ts";
import { migrate } from "../../src/storage/migrate.ts";

/** The Postgres server of a run, with a database for each contender. */
export interface DatabaseServer {
  /** As Postgres reports it, such as `18.4`. */
  readonly version: string;
  /** Creates a database with the schema of this checkout. Returns its connection string. */
  createDatabase(name: string): Promise<string>;
  /** Creates a database without tables, for a service that migrates it. Returns its connection string. */
  createEmptyDatabase(): Promise<string>;
  /** Deletes all contacts and runs a checkpoint, so that all runs begin in the same state. */
  empty(databaseUrl: string): Promise<void>;
  query(databaseUrl: string, text: string): Promise<pg.QueryResult>;
}

const template = "kith_template";
const migrationTimeoutMs = 60_000;

/**
 * Starts the embedded Postgres with its default settings, on a temporary data directory. The stack
 * stops the server and removes the directory.
 */
export async function startDatabaseServer({
  stack,
  onExit,
}: {
  readonly stack: AsyncDisposableStack;
  readonly onExit: (message: string) => void;
}): Promise<DatabaseServer> {
  const dataDir = await mkdtemp(join(tmpdir(), "kith-bench-"));
  stack.defer(() => rm(dataDir, { recursive: true, force: true }));
  const postgres = await startEmbeddedPostgres({ dataDir, onExit });
  stack.defer(() => postgres.stop());
  const admin = postgres.connectionString;
  let databases = 0;

  const server: DatabaseServer = {
    version: await versionOf(admin),
    async createDatabase(name) {
      await server.query(admin, `CREATE DATABASE ${name} TEMPLATE ${template}`);
      return urlOf(admin, name);
    },
    async createEmptyDatabase() {
      const name = `kith_${++databases}`;
      await server.query(admin, `CREATE DATABASE ${name}`);
      return urlOf(admin, name);
    },
    async empty(databaseUrl) {
      await server.query(databaseUrl, "TRUNCATE contact");
      await server.query(databaseUrl, "CHECKPOINT");
    },
    query: (databaseUrl, text) => withClient(databaseUrl, (client) => client.query(text)),
  };
  await server.query(admin, `CREATE DATABASE ${template}`);
  await migrateDatabase(urlOf(admin, template));
  return server;
}

async function versionOf(url: string): Promise<string> {
  const { rows } = await withClient(url, (client) => client.query("SHOW server_version"));
  return rows[0].server_version;
}

async function migrateDatabase(connectionString: string): Promise<void> {
  const db = createDatabase({
    connectionString,
    poolSize: 1,
    timeoutMs: migrationTimeoutMs,
    onConnectionLost: () => {},
  });
  await migrate(db);
  await db.destroy();
}

async function withClient<T>(
  connectionString: string,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = new pg.Client({ connectionString });
  // Without a listener, a connection that is lost between two queries would end the process.
  client.on("error", () => {});
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** The connection string of another database on the same server. */
function urlOf(connectionString: string, database: string): string {
  const url = new URL(connectionString);
  url.pathname = `/${database}`;
  return url.href;
}
