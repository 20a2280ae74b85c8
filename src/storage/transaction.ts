import { setTimeout as sleep } from "node:timers/promises";
import type { Kysely, Transaction } from "kysely";
import { sql } from "kysely";
import type { CallOptions } from "../contact/contact-store.ts";
import type { Database } from "./schema.ts";
import { databaseFault, isRetryable } from "./sqlstate.ts";

/** Times a transaction is tried before a serialization failure or deadlock is given up on. */
const maxAttempts = 5;
/** Longest random pause before the second attempt, in milliseconds; it doubles with each. */
const firstPauseMs = 10;

/** Runs a query or a transaction, and turns what the database throws into a fault. */
export async function withDatabaseFaults<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw databaseFault(error) ?? error;
  }
}

/**
 * Runs the steps in one transaction, again where it failed by a serialization failure or a deadlock.
 * The caller's deadline also ends a statement that waits in the database.
 *
 * @throws Fault DATABASE_UNAVAILABLE, DEADLINE_EXCEEDED; the reason of the signal, once it is aborted
 */
export function inTransaction<T>(
  db: Kysely<Database>,
  { signal, timeLeftMs }: CallOptions,
  steps: (trx: Transaction<Database>) => Promise<T>,
): Promise<T> {
  return withDatabaseFaults(async () => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await db.transaction().execute(async (trx) => {
          signal.throwIfAborted();
          await limitStatements(trx, timeLeftMs?.());
          const result = await steps(trx);
          signal.throwIfAborted();
          return result;
        });
      } catch (error) {
        if (!isRetryable(error) || attempt === maxAttempts) throw error;
        await sleep(Math.random() * firstPauseMs * 2 ** (attempt - 1), undefined, { signal });
      }
    }
  });
}

/** Each statement of the transaction may take this long, if less than any may; the server ends it then. */
async function limitStatements(trx: Transaction<Database>, leftMs = Infinity): Promise<void> {
  if (leftMs === Infinity) return;
  const limit = Math.max(1, Math.ceil(leftMs));
  await sql`SELECT set_config('statement_timeout', ${String(limit)}, true)`.execute(trx);
}
