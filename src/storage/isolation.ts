import type { EncodedStatement } from "./encoded-statement.ts";
import { command } from "./encoded-statement.ts";
import type { PooledSettings } from "./pooled-settings.ts";

/**
 * Makes a pipelined transaction serializable, whatever the default of the session is. It must come first.
 *
 * In the implicit transaction of a pipeline `SET TRANSACTION` and `SET LOCAL` warn on each use, and
 * `set_config` is a query, which is too late. A plain SET of `transaction_isolation` applies to the current
 * transaction only: Postgres sets it anew when the next one begins.
 */
const serializable = command("serializable", "SET transaction_isolation TO 'serializable'");

/** The same for a standby, which has no serializable transactions. All statements see one moment. */
const repeatableRead = command("repeatable_read", "SET transaction_isolation TO 'repeatable read'");

/** Makes a pipelined transaction read-only: Postgres then tracks less for it. It must follow `serializable`. */
const readOnly = command("read_only", "SET transaction_read_only TO on");

/** A deferrable transaction that reads would wait until all others have ended. */
const notDeferrable = command("not_deferrable", "SET transaction_deferrable TO off");

const begin = command("begin_serializable", "BEGIN ISOLATION LEVEL SERIALIZABLE");
const beginReadCommitted = command("begin_read_committed", "BEGIN ISOLATION LEVEL READ COMMITTED");
export const commit = command("commit", "COMMIT");
export const rollback = command("rollback", "ROLLBACK");

/**
 * Waits until no other transaction that took a turn is in progress. It must follow `begin`: LOCK TABLE
 * takes no snapshot, so the transaction sees what the one before it has committed. This mode conflicts with
 * itself, with VACUUM and with changes of the table's definition; no query of Kith takes it.
 */
const takeTurn = command("take_turn", "LOCK TABLE app IN SHARE UPDATE EXCLUSIVE MODE");

/** The first statements of each kind of transaction. */
export interface Openings {
  /** Of a transaction of one round trip that writes. Absent: such a transaction needs `begin` and `commit` too. */
  readonly write: readonly EncodedStatement[] | undefined;
  /** Of a transaction of one round trip that only reads. */
  readonly read: readonly EncodedStatement[];
  /** Of a transaction of several round trips. It ends with `commit` or `rollback`. */
  readonly begin: readonly EncodedStatement[];
  /** The same for a transaction that takes a turn. */
  readonly beginInTurn: readonly EncodedStatement[];
}

/** What isolation a database can give: a standby and a distributed table have no serializable transactions. */
export type DatabaseKind = "primary" | "replica" | "distributed";

/** @param pooled present if each transaction has to set what it needs */
export function createOpenings(kind: DatabaseKind, pooled?: PooledSettings): Openings {
  const settings = pooled === undefined ? [] : [pooled.settings];
  if (kind === "distributed") {
    // Locks of owners order the transactions: see `distributed/owner-locks.ts`. Without a BEGIN, Citus commits a
    // statement on its worker at once.
    const opening = [beginReadCommitted, ...settings];
    return { write: undefined, read: settings, begin: opening, beginInTurn: opening };
  }
  const isolation = kind === "replica" ? repeatableRead : serializable;
  return {
    write: [serializable, ...settings],
    read: [isolation, readOnly, ...(pooled === undefined ? [] : [notDeferrable]), ...settings],
    begin: [begin, ...settings],
    beginInTurn: [begin, ...(pooled?.beforeLock ?? []), takeTurn, ...settings],
  };
}
