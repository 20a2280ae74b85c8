import { Kysely, PostgresDialect } from "kysely";
import type pg from "pg";
import { ConnectionPool } from "./connection-pool.ts";
import type { Database } from "./schema.ts";
import type { SessionOptions } from "./session-settings.ts";
import { sessionSettings } from "./session-settings.ts";
import { isTimeout } from "./sqlstate.ts";

export type Pool = ConnectionPool;

export interface DatabaseOptions extends SessionOptions {
  /** A URL that `checkDatabaseUrl` accepts. */
  readonly connectionString: string;
  /** Most connections that are open at once. */
  readonly poolSize: number;
  /** Called for each connection that is lost. The pool replaces the connection. */
  readonly onConnectionLost: (error: Error) => void;
}

/**
 * A pool of connections. It opens none before the first query.
 *
 * The server ends a statement after `timeoutMs`, even if this process has died. This process gives up one
 * second later, in case the server has died. A wait for a connection takes at most `timeoutMs`.
 */
export function createPool(options: DatabaseOptions): Pool {
  const { connectionString, poolSize, timeoutMs, onConnectionLost } = options;
  const settings = sessionSettings(options);
  const pool = new ConnectionPool({
    connectionString,
    max: poolSize,
    application_name: "kith",
    connectionTimeoutMillis: timeoutMs,
    query_timeout: timeoutMs + 1_000,
    keepAlive: true,
    pipeline: true,
    // The pool waits for the promise, and lends no connection that it rejects.
    onConnect: (client: pg.ClientBase) => applySettings(client, settings),
  });
  // A connection can be lost while it is idle, in use, or in use between two statements, when no query is
  // there to report the error. Without a listener, such an error would end the process.
  pool.on("connect", (client) => client.on("error", onConnectionLost));
  pool.on("error", () => {});
  return pool;
}

/** More attempts than a sane default of the database makes necessary. */
const maxAttempts = 100;

/** A short `statement_timeout` by default can end the very statement that changes it. */
async function applySettings(client: pg.ClientBase, settings: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await client.query(settings);
      return;
    } catch (error) {
      if (!isTimeout(error) || attempt === maxAttempts) throw error;
    }
  }
}

/** Kysely on a pool that others use too. Close the pool, not this Kysely. */
export function createDatabaseOn(pool: Pool): Kysely<Database> {
  return new Kysely<Database>({ dialect: new PostgresDialect({ pool }) });
}

/** Kysely on a pool of its own. */
export function createDatabase(options: DatabaseOptions): Kysely<Database> {
  return createDatabaseOn(createPool(options));
}
