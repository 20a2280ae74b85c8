import type pg from "pg";
import type { Pool } from "./database.ts";
import type { EncodedStatement, Rows } from "./encoded-statement.ts";
import { commit, rollback } from "./isolation.ts";
import { runPipelined } from "./pipeline.ts";
import { sessionOf } from "./session.ts";
import { limitTransaction } from "./transaction-limits.ts";
import type { WriteOptions } from "./write-connection.ts";
import { withoutQueryTimeout, withWriteConnection } from "./write-connection.ts";

/**
 * Runs the statements in one serializable transaction, in one round trip.
 *
 * @returns the rows of each statement
 * @throws the error of the driver for the first statement that fails
 */
export function inSyncTransaction(
  pool: Pool,
  options: WriteOptions,
  statements: readonly EncodedStatement[],
): Promise<readonly Rows[]> {
  return withWriteConnection(pool, options, async (client, budgetMs) => {
    const limits = limitTransaction({ budgetMs, lockTimeoutMs: options.lockTimeoutMs });
    if (options.takesTurn) return runInTurn(client, [limits, ...statements]);
    const all = [...sessionOf(client).openings.write, limits, ...statements];
    const results = await runPipelined(client, all, withoutQueryTimeout);
    return results.slice(-statements.length).map(({ rows }) => rows);
  });
}

/** Waits for the turn of the transaction, then runs the statements. Omits the rows of the first, the limits. */
async function runInTurn(
  client: pg.PoolClient,
  statements: readonly EncodedStatement[],
): Promise<readonly Rows[]> {
  try {
    const all = [...sessionOf(client).openings.beginInTurn, ...statements, commit];
    const results = await runPipelined(client, all, withoutQueryTimeout);
    return results.slice(-statements.length, -1).map(({ rows }) => rows);
  } catch (error) {
    // If this fails too, the connection is closed, which also rolls back.
    await runPipelined(client, [rollback], withoutQueryTimeout).catch(() => {});
    throw error;
  }
}
