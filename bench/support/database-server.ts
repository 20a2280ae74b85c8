import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { startEmbeddedPostgres } from "../../src/embedded/postgres.ts";

/** The Postgres server of a run, with a database for each contender. */
export interface DatabaseServer {
  /** As Postgres reports it, such as `18.4`. */
  readonly version: string;
  /** Creates a database without tables. Returns its connection string. */
  createDatabase(): Promise<string>;
  /** Deletes all contacts and runs a checkpoint, so that all runs begin in the same state. */
  empty(databaseUrl: string): Promise<void>;
  query(databaseUrl: string, text: string): Promise<pg.QueryResult>;
}

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
    async createDatabase() {
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
  return server;
}

async function versionOf(url: string): Promise<string> {
  const { rows } = await withClient(url, (client) => client.query("SHOW server_version"));
  return rows[0].server_version;
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
