import pg from "pg";

export interface SessionOptions {
  /** The schema of Kith's tables. Absent: the first schema of the search path. */
  readonly schema?: string | undefined;
  /** Longest a statement may run, and longest a transaction may be idle, in milliseconds. */
  readonly timeoutMs: number;
}

/** Settings that the results of statements depend on. */
const semantics = {
  // For the queries of keys and migrations. Transactions on contacts set their own level.
  default_transaction_isolation: "read committed",
  default_transaction_deferrable: "off",
  standard_conforming_strings: "on",
  client_encoding: "UTF8",
};

/**
 * Settings that the plans of statements depend on. Every statement of the service finds its rows by an
 * index. A prepared statement keeps its plan, and a plan from the time when a table was small would
 * continue to scan it. Plans are generic: for an app that is newer than the statistics, the planner would
 * believe that it has one row, and any index would do.
 */
const plans = {
  enable_seqscan: "off",
  enable_bitmapscan: "off",
  enable_hashjoin: "off",
  enable_mergejoin: "off",
  enable_indexscan: "on",
  enable_indexonlyscan: "on",
  enable_nestloop: "on",
  enable_sort: "on",
  enable_hashagg: "on",
  jit: "off",
  plan_cache_mode: "force_generic_plan",
};

/**
 * The statements that give a new connection its settings, as one query of the simple protocol. They come
 * after the startup packet, so they override the settings of the server, the database, the role and the
 * URL; and poolers that reject unknown startup parameters accept them.
 */
export function sessionSettings({ schema, timeoutMs }: SessionOptions): string {
  const settings = {
    // First, because a default of the database could end the statements that follow.
    statement_timeout: timeoutMs,
    lock_timeout: 0,
    idle_in_transaction_session_timeout: timeoutMs,
    idle_session_timeout: 0,
    ...semantics,
    ...plans,
  };
  const statements = Object.entries(settings).map(
    ([name, value]) => `SET ${name} TO ${pg.escapeLiteral(String(value))}`,
  );
  return [...statements, unsetTransactionTimeout, setSearchPath(schema)].join("; ");
}

/** Postgres has the setting from version 17 on. */
const unsetTransactionTimeout = `SELECT pg_catalog.set_config('transaction_timeout', '0', false)
  WHERE pg_catalog.current_setting('transaction_timeout', true) IS NOT NULL`;

/** Fixes the schema of all later statements. Functions and types come from `pg_catalog` first. */
function setSearchPath(schema: string | undefined): string {
  if (schema !== undefined) return `SET search_path TO ${pg.escapeIdentifier(schema)}, pg_temp`;
  return `SELECT pg_catalog.set_config('search_path', pg_catalog.quote_ident(current_schema()) || ', pg_temp', false)
    WHERE current_schema() IS NOT NULL`;
}
