import { Kysely, PostgresDialect } from "kysely";
import pg from "pg";
import type { Database } from "./schema.ts";

export interface DatabaseOptions {
  readonly connectionString: string;
  /** Most connections held at once. */
  readonly poolSize: number;
  /** Longest a statement may run or wait, and longest wait for a connection, in milliseconds. */
  readonly timeoutMs: number;
  /** Told of connections that fail while idle; the pool replaces them by itself. */
  readonly onIdleError: (error: Error) => void;
}

/**
 * A pool of connections behind Kysely. It opens none before the first query; `destroy` closes all.
 *
 * A statement is ended by the server after `timeoutMs`, also where this process is gone, and by this
 * process a second later, where it is the server that is gone.
 */
export function createDatabase(options: DatabaseOptions): Kysely<Database> {
  const { connectionString, poolSize, timeoutMs, onIdleError } = options;
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
  pool.on("error", onIdleError);
  return new Kysely<Database>({ dialect: new PostgresDialect({ pool }) });
}
