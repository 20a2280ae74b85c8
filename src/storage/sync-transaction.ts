import type { Pool } from "./database.ts";
import type { EncodedStatement, Rows } from "./encoded-statement.ts";
import { serializable } from "./isolation.ts";
import { runPipelined } from "./pipeline.ts";
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
    const all = [serializable, limits, ...statements];
    const results = await runPipelined(client, all, withoutQueryTimeout);
    return results.slice(-statements.length);
  });
}
