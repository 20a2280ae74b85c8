import pg from "pg";

export interface SessionOptions {
  /** The schema of Kith's tables. Absent: the first schema of the search path. */
  readonly schema?: string | undefined;
  /** Longest a statement may run, and longest a transaction may be idle, in milliseconds. */
  readonly timeoutMs: number;
  /** Whether the database has Citus. Absent: the statement with the settings finds out. */
  readonly hasCitus?: boolean | undefined;
}

/** The name of each setting, and an SQL expression of its value. Settings without a value stay as they are. */
export type Settings = readonly (readonly [name: string, value: string])[];

/** Settings that the results of statements depend on. */
const semantics = {
  // For the queries of keys and migrations. Transactions on contacts set their own level.
  default_transaction_isolation: "read committed",
  default_transaction_deferrable: "off",
  standard_conforming_strings: "on",
  client_encoding: "UTF8",
};

/** An SQL expression: whether the database has Citus. */
const findsCitus = "pg_catalog.to_regclass('pg_catalog.pg_dist_partition') IS NOT NULL";

/**
 * Settings that the plans of statements depend on. Every statement of the service finds its rows by an
 * index. A prepared statement keeps its plan, and a plan from the time when a table was small would
 * continue to scan it. Plans are generic: for an app that is newer than the statistics, the planner would
 * believe that it has one row, and any index would do.
 */
const plans = {
  enable_indexscan: "on",
  enable_indexonlyscan: "on",
  enable_nestloop: "on",
  enable_sort: "on",
  enable_hashagg: "on",
  jit: "off",
};

/**
 * Citus needs the values of a statement to find its shards. Its workers plan with their own settings, and the
 * coordinator only joins what they return. One connection to each worker is enough for a statement, as many
 * statements run at once.
 */
function planSettings(hasCitus: boolean | undefined): Settings {
  const choose = (onCitus: string, others: string) => {
    if (hasCitus !== undefined) return hasCitus ? onCitus : others;
    return `CASE WHEN ${findsCitus} THEN ${onCitus} ELSE ${others} END`;
  };
  const ofCitus: Settings = [
    ["citus.max_adaptive_executor_pool_size", choose("'1'", "NULL")],
    ["citus.propagate_set_commands", choose("'local'", "NULL")],
  ];
  return [
    ...["enable_seqscan", "enable_bitmapscan", "enable_hashjoin", "enable_mergejoin"].map(
      (name) => [name, choose("'on'", "'off'")] as const,
    ),
    ["plan_cache_mode", choose("'force_custom_plan'", "'force_generic_plan'")],
    ...(hasCitus === false ? [] : ofCitus),
  ];
}

/** What the sessions and transactions of the service set, whatever the defaults of the database are. */
export function sessionSettings({ schema, timeoutMs, hasCitus }: SessionOptions): Settings {
  const values = Object.entries({
    // First, as a default of the database could end the statement itself.
    statement_timeout: timeoutMs,
    lock_timeout: 0,
    idle_in_transaction_session_timeout: timeoutMs,
    idle_session_timeout: 0,
    // Postgres has it from version 17 on.
    transaction_timeout: 0,
    ...semantics,
    ...plans,
  }).map(([name, value]) => [name, pg.escapeLiteral(String(value))] as const);
  return [...values, ...planSettings(hasCitus), ["search_path", searchPath(schema)]];
}

/** Fixes the schema of all later statements. Functions and types come from `pg_catalog` first. */
function searchPath(schema: string | undefined): string {
  if (schema !== undefined) return pg.escapeLiteral(`${pg.escapeIdentifier(schema)}, pg_temp`);
  return "pg_catalog.quote_ident(pg_catalog.current_schema()) || ', pg_temp'";
}

/** The row that `setForSession` returns. */
export interface SessionRow {
  /** Whether the server process with the given id ran the statement. */
  readonly is_own: boolean;
  readonly has_citus: boolean;
}

/** A statement that gives the session these settings, if the server process with this id runs it. */
export function setForSession(settings: Settings, processId: number): string {
  const rows = settings.map(([name, value]) => `(${pg.escapeLiteral(name)}, ${value})`);
  const isOwn = `pg_catalog.pg_backend_pid() = ${processId}`;
  return `SELECT ${isOwn} AS is_own, ${findsCitus} AS has_citus, (
      SELECT pg_catalog.count(pg_catalog.set_config(name, value, false))
      FROM (VALUES ${rows.join(", ")}) AS setting (name, value)
      WHERE ${isOwn} AND value IS NOT NULL AND pg_catalog.current_setting(name, true) IS NOT NULL
    ) AS applied`;
}
