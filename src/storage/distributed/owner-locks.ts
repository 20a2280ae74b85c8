import type { EncodedStatement } from "../encoded-statement.ts";
import { command } from "../encoded-statement.ts";
import type { StatementText } from "../statement.ts";
import { statementText } from "../statement.ts";
import { hashText } from "./text-hash.ts";

/** The class of Kith's advisory locks: the letters "kith" as a number. */
const lockClass = 0x6b697468;
/** All processes must use the same number of locks. A transaction of many owners takes all of them. */
const locksAsBits = 8;

const text: StatementText = statementText(
  "lock_owners",
  `SELECT count(pg_advisory_xact_lock(${lockClass}, lock)) FROM unnest($1::integer[]) AS lock`,
);

/**
 * The first statements of a transaction that writes, after its BEGIN.
 *
 * @param lockTimeoutMs longest wait for one lock, in milliseconds; 0: no limit
 */
export function openWrite(ownerIds: Iterable<string>, lockTimeoutMs: number): EncodedStatement[] {
  return [limitLocks(lockTimeoutMs), lockOwners(ownerIds)];
}

/**
 * Limits waits for locks on all nodes, whatever the defaults of their databases are. Citus sends the settings of
 * SET LOCAL to its nodes with the BEGIN, unlike those of `set_config`.
 */
function limitLocks(lockTimeoutMs: number): EncodedStatement {
  return command(`limit_locks_${lockTimeoutMs}`, `SET LOCAL lock_timeout TO ${lockTimeoutMs}`);
}

/**
 * Locks owners until the end of the transaction, against all other transactions that change their lists. Citus
 * has no serializable isolation across nodes. With these locks on the coordinator, transactions that write are
 * serializable anyway. They are taken in one order, so that transactions do not deadlock.
 */
function lockOwners(ownerIds: Iterable<string>): EncodedStatement {
  const locks = new Set<number>();
  for (const ownerId of ownerIds) locks.add(hashText(ownerId) >>> (32 - locksAsBits));
  return { ...text, values: [`{${[...locks].sort((a, b) => a - b).join(",")}}`] };
}
