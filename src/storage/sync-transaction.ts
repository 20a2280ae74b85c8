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
 * Runs the statements in one transaction, in one round trip.
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
    const { write, begin, beginInTurn } = sessionOf(client).openings;
    if (options.takesTurn) return runBlock(client, [...beginInTurn, limits], statements);
    if (write === undefined) return runBlock(client, [...begin, limits], statements);
    const results = await runPipelined(
      client,
      [...write, limits, ...statements],
      withoutQueryTimeout,
    );
    return results.slice(-statements.length).map(({ rows }) => rows);
  });
}

async function runBlock(
  client: pg.PoolClient,
  opening: readonly EncodedStatement[],
  statements: readonly EncodedStatement[],
): Promise<readonly Rows[]> {
  try {
    const all = [...opening, ...statements, commit];
    const results = await runPipelined(client, all, withoutQueryTimeout);
    return results.slice(opening.length, -1).map(({ rows }) => rows);
  } catch (error) {
    // If this fails too, the connection is closed, which also rolls back.
    await runPipelined(client, [rollback], withoutQueryTimeout).catch(() => {});
    throw error;
  }
}
