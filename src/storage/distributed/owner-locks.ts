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
 * Locks owners until the end of the transaction, against all other transactions that change their lists. Citus
 * has no serializable isolation across nodes. With these locks on the coordinator, transactions that write are
 * serializable anyway. They are taken in one order, so that transactions do not deadlock.
 */
export function lockOwners(ownerIds: Iterable<string>) {
  const locks = new Set<number>();
  for (const ownerId of ownerIds) locks.add(hashText(ownerId) >>> (32 - locksAsBits));
  return { ...text, values: [`{${[...locks].sort((a, b) => a - b).join(",")}}`] };
}
