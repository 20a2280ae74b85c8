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

/** Begins a transaction of several round trips, or one that takes a turn. */
export const begin: EncodedStatement = {
  name: "begin_serializable",
  text: "BEGIN ISOLATION LEVEL SERIALIZABLE",
  values: [],
};
export const commit: EncodedStatement = { name: "commit", text: "COMMIT", values: [] };
export const rollback: EncodedStatement = { name: "rollback", text: "ROLLBACK", values: [] };

/**
 * Waits until no other transaction that took a turn is in progress. It must follow `begin`: LOCK TABLE
 * takes no snapshot, so the transaction sees what the one before it has committed. This mode conflicts with
 * itself, with VACUUM and with changes of the table's definition; no query of Kith takes it.
 */
export const takeTurn: EncodedStatement = {
  name: "take_turn",
  text: "LOCK TABLE app IN SHARE UPDATE EXCLUSIVE MODE",
  values: [],
};
