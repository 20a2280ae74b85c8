import { Kysely, PostgresDialect } from "kysely";
import pg from "pg";
import type { Database } from "./schema.ts";

export interface DatabaseOptions {
  readonly connectionString: string;
  /** Most connections held at once. */
  readonly poolSize: number;
  /** Longest a statement may run or wait, and longest wait for a connection, in milliseconds. */
  readonly timeoutMs: number;
  /** Told of connections that are lost; the pool replaces them by itself. */
  readonly onConnectionLost: (error: Error) => void;
}

/**
 * A pool of connections behind Kysely. It opens none before the first query; `destroy` closes all.
 *
 * A statement is ended by the server after `timeoutMs`, also where this process is gone, and by this
 * process a second later, where it is the server that is gone.
 */
export function createDatabase(options: DatabaseOptions): Kysely<Database> {
  const { connectionString, poolSize, timeoutMs, onConnectionLost } = options;
  const pool = new pg.Pool({
    connectionString,
    max: poolSize,
    application_name: "kith",
    connectionTimeoutMillis: timeoutMs,
    statement_timeout: timeoutMs,
    idle_in_transaction_session_timeout: timeoutMs,
    query_timeout: timeoutMs + 1_000,
    keepAlive: true,
  });
  // A connection can be lost while idle, in use, or in use between two statements, when no query is
  // there to be told: without a listener of its own that would end the process.
  pool.on("connect", (client) => client.on("error", onConnectionLost));
  pool.on("error", () => {});
  return new Kysely<Database>({ dialect: new PostgresDialect({ pool }) });
}
