import type pg from "pg";
import { withConnection } from "./connection.ts";
import type { Pool } from "./database.ts";
import { ownerLock, ownerLockSpace } from "./owner-lock.ts";
import { runStatement, runStatements } from "./run-statement.ts";
import type { Statement } from "./statement.ts";
import { limitStatements } from "./time-limit.ts";

/** Each statement must see what is committed when it begins, which is after the lock is taken. */
const begin: Statement = {
  name: "begin_read_committed",
  text: "BEGIN ISOLATION LEVEL READ COMMITTED",
  values: [],
};
const commit: Statement = { name: "commit", text: "COMMIT", values: [] };
const rollback: Statement = { name: "rollback", text: "ROLLBACK", values: [] };

export interface OwnerTransactionOptions {
  readonly pool: Pool;
  readonly appId: number;
  readonly ownerId: string;
  /** Milliseconds for each statement, and for the wait for the lock. */
  readonly statementMs: number;
}

/**
 * Runs a transaction that holds the lock of an owner: no other transaction changes the list until it ends.
 *
 * @param work if it throws, the transaction is rolled back
 * @throws what `work` throws, or the error of the driver
 */
export function inOwnerTransaction<T>(
  { pool, appId, ownerId, statementMs }: OwnerTransactionOptions,
  work: (client: pg.PoolClient) => Promise<T>,
): Promise<T> {
  return withConnection(pool, async (client) => {
    try {
      await runStatements(client, [begin, limitStatements(statementMs), lockOwner(appId, ownerId)]);
      const result = await work(client);
      await runStatement(client, commit);
      return result;
    } catch (error) {
      // If this fails too, the connection is closed, which also rolls back.
      await runStatement(client, rollback).catch(() => {});
      throw error;
    }
  });
}

function lockOwner(appId: number, ownerId: string): Statement {
  return {
    name: "lock_owner",
    text: "SELECT pg_advisory_xact_lock($1, $2)",
    values: [ownerLockSpace, ownerLock(appId, ownerId)],
  };
}
