/** A server that the tests do not start, or Citus, may be older than version 17, which introduced this setting. */
function transactionTimeout(value: string): Readonly<Record<string, string>> {
  return process.env.TEST_DATABASE_URL === undefined ? { transaction_timeout: value } : {};
}

/**
 * Database defaults that change results, waits and query plans. A service that does not set everything that
 * it relies on fails on such a database.
 */
export const hostileDefaults: Readonly<Record<string, string>> = {
  DateStyle: "German, DMY",
  TimeZone: "Asia/Kathmandu",
  IntervalStyle: "sql_standard",
  bytea_output: "escape",
  extra_float_digits: "-15",
  client_encoding: "LATIN1",
  standard_conforming_strings: "off",
  array_nulls: "off",
  default_transaction_isolation: "repeatable read",
  default_transaction_deferrable: "on",
  lock_timeout: "1ms",
  statement_timeout: "10ms",
  idle_in_transaction_session_timeout: "1ms",
  // These end a session that a busy machine keeps waiting for its first statement, so they are not as short.
  idle_session_timeout: "5s",
  ...transactionTimeout("5s"),
  search_path: "nowhere, public, pg_catalog",
  enable_seqscan: "on",
  enable_bitmapscan: "on",
  enable_hashjoin: "on",
  enable_mergejoin: "on",
  enable_indexscan: "off",
  enable_indexonlyscan: "off",
  enable_nestloop: "off",
  enable_sort: "off",
  enable_hashagg: "off",
  jit: "on",
  jit_above_cost: "0",
  plan_cache_mode: "force_custom_plan",
};

/**
 * Startup options for the sessions of the tests themselves, which need the usual defaults on such a database.
 */
export const usualOptions = Object.entries({
  DateStyle: "ISO",
  TimeZone: "UTC",
  bytea_output: "hex",
  search_path: "public",
  standard_conforming_strings: "on",
  default_transaction_isolation: "read\\ committed",
  default_transaction_deferrable: "off",
  lock_timeout: "0",
  statement_timeout: "0",
  idle_in_transaction_session_timeout: "0",
  idle_session_timeout: "0",
  ...transactionTimeout("0"),
})
  .map(([name, value]) => `-c ${name}=${value}`)
  .join(" ");
