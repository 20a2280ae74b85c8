import { setTimeout as sleep } from "node:timers/promises";
import { databaseFault, isRetryable } from "./sqlstate.ts";

/** Most attempts of a transaction that fails by serialization failures or deadlocks. */
const maxAttempts = 5;
/** Longest random delay before the second attempt, in milliseconds. It doubles with each attempt. */
const firstDelayMs = 10;

/** Runs a query or a transaction, and converts errors of the database to faults. */
export async function withDatabaseFaults<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw databaseFault(error) ?? error;
  }
}

/** Runs a transaction, and retries it after a serialization failure or a deadlock. */
export function withRetries<T>(transaction: () => Promise<T>): Promise<T> {
  return withDatabaseFaults(async () => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await transaction();
      } catch (error) {
        if (!isRetryable(error) || attempt === maxAttempts) throw error;
        await sleep(Math.random() * firstDelayMs * 2 ** (attempt - 1));
      }
    }
  });
}
