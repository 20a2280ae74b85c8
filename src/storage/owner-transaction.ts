import type pg from "pg";
import { withConnection } from "./connection.ts";
import type { Pool } from "./database.ts";
import { ownerLock, ownerLockSpace } from "./owner-lock.ts";
import type { Statement } from "./pipeline.ts";
import { runStatement, runStatements } from "./statement.ts";
import { limitStatements } from "./time-limit.ts";

/** What each statement sees has to be what is there when it begins, that is, after the lock is taken. */
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
  /** Milliseconds for each statement, and for the wait for the owner's list. */
  readonly statementMs: number;
}

/**
 * Runs a transaction that has the list of an owner for itself: no other changes it until the end.
 *
 * @param work rolls everything back by what it throws
 * @throws what `work` throws, or what the driver says
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
      // Where even this fails the connection is closed, which rolls back too.
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
