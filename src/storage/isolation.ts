import type { EncodedStatement } from "./encoded-statement.ts";

/**
 * Makes a pipelined transaction serializable, whatever the default of the session is. It must come first.
 *
 * In the implicit transaction of a pipeline `SET TRANSACTION` and `SET LOCAL` warn on each use, and
 * `set_config` is a query, which is too late. A plain SET of `transaction_isolation` applies to the current
 * transaction only: Postgres sets it anew when the next one begins.
 */
export const serializable: EncodedStatement = {
  name: "serializable",
  text: "SET transaction_isolation TO 'serializable'",
  values: [],
};

/** Makes a pipelined transaction read-only: Postgres then tracks less for it. It must follow `serializable`. */
export const readOnly: EncodedStatement = {
  name: "read_only",
  text: "SET transaction_read_only TO on",
  values: [],
};
