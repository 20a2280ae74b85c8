import { Kysely, PostgresDialect } from "kysely";
import pg from "pg";
import type { Database } from "./schema.ts";

export type Pool = pg.Pool;

export interface DatabaseOptions {
  readonly connectionString: string;
  /** Most connections held at once. */
  readonly poolSize: number;
  /** Longest a statement may run or wait, and longest wait for a connection, in milliseconds. */
  readonly timeoutMs: number;
  /** Longest a statement waits for a lock, in milliseconds; absent: as long as it may run. */
  readonly lockTimeoutMs?: number;
  /** Told of connections that are lost; the pool replaces them by itself. */
  readonly onConnectionLost: (error: Error) => void;
}

/** Each statement is to see what is there when it begins, also where it has waited for a lock before. */
const isolation = "-c default_transaction_isolation=read\\ committed";

/**
 * Every statement of the service finds its rows by an index. Prepared statements keep their plans, and
 * one made while a table was small would go on scanning it, or hash it, once it has grown. Plans are
 * made without a look at the values: of an app that is newer than the statistics the planner believes
 * that it has one row, so that any index would do.
 */
const plannerOptions = [
  "-c enable_seqscan=off -c enable_bitmapscan=off -c enable_hashjoin=off -c enable_mergejoin=off",
  "-c plan_cache_mode=force_generic_plan",
].join(" ");

/**
 * A pool of connections. It opens none before the first query.
 *
 * A statement is ended by the server after `timeoutMs`, also where this process is gone, and by this
 * process a second later, where it is the server that is gone.
 */
export function createPool(options: DatabaseOptions): Pool {
  const { connectionString, poolSize, timeoutMs, lockTimeoutMs, onConnectionLost } = options;
  const pool = new pg.Pool({
    connectionString,
    max: poolSize,
    application_name: "kith",
    options: `${isolation} ${plannerOptions}`,
    connectionTimeoutMillis: timeoutMs,
    statement_timeout: timeoutMs,
    lock_timeout: lockTimeoutMs,
    idle_in_transaction_session_timeout: timeoutMs,
    query_timeout: timeoutMs + 1_000,
    keepAlive: true,
    pipeline: true,
  });
  // A connection can be lost while idle, in use, or in use between two statements, when no query is
  // there to be told: without a listener of its own that would end the process.
  pool.on("connect", (client) => client.on("error", onConnectionLost));
  pool.on("error", () => {});
  return pool;
}

/**
 * Kysely on a pool that others use too. The pool is theirs to close: `destroy` does so only where Kysely
 * itself has sent a query.
 */
export function createDatabaseOn(pool: Pool): Kysely<Database> {
  return new Kysely<Database>({ dialect: new PostgresDialect({ pool }) });
}

/** Kysely on a pool of its own. */
export function createDatabase(options: DatabaseOptions): Kysely<Database> {
  return createDatabaseOn(createPool(options));
}
