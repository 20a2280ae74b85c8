import { setTimeout as sleep } from "node:timers/promises";
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

/** Runs a transaction, again where it failed by a serialization failure or a deadlock. */
export function withRetries<T>(transaction: () => Promise<T>): Promise<T> {
  return withDatabaseFaults(async () => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await transaction();
      } catch (error) {
        if (!isRetryable(error) || attempt === maxAttempts) throw error;
        await sleep(Math.random() * firstPauseMs * 2 ** (attempt - 1));
      }
    }
  });
}
