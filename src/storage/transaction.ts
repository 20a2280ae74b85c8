import { setTimeout as sleep } from "node:timers/promises";
import type { StoreOptions } from "../contact/contact-store.ts";
import { fault } from "../errors.ts";
import { databaseFault, isConflict, isStaleStatement } from "./sqlstate.ts";

/** Most attempts of a transaction that fails because of stale prepared statements. */
const maxStaleAttempts = 3;
/** Longest random delay before a retry because of a conflict, in milliseconds. The first retry has none. */
export const maxBackoffMs = 30;

/** Runs a query or a transaction, and converts errors of the database to faults. */
export async function withDatabaseFaults<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw databaseFault(error) ?? error;
  }
}

/** Runs a transaction, and retries it on another connection if its prepared statements are stale. */
export async function withStaleRetries<T>(transaction: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await transaction();
    } catch (error) {
      if (!isStaleStatement(error) || attempt === maxStaleAttempts) throw error;
    }
  }
}

/**
 * Runs a transaction, and retries it until `endsAt` if it conflicts with others.
 *
 * @param endsAt on the clock of `performance.now()`
 * @param transaction gets the number of earlier conflicts
 * @throws the reason of the signal; Fault; any other error is a bug
 */
export function withRetries<T>(
  { signal, endsAt }: Pick<StoreOptions, "signal"> & { readonly endsAt: number },
  transaction: (conflicts: number) => Promise<T>,
): Promise<T> {
  return withDatabaseFaults(async () => {
    for (let conflicts = 0; ; conflicts++) {
      if (conflicts > 1) await sleep(Math.random() * maxBackoffMs);
      signal.throwIfAborted();
      try {
        return await withStaleRetries(() => transaction(conflicts));
      } catch (error) {
        if (!isConflict(error)) throw error;
        if (performance.now() > endsAt) throw fault("DEADLINE_EXCEEDED", {}, { cause: error });
      }
    }
  });
}
