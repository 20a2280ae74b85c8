import { withConnection } from "./connection.ts";
import type { Pool } from "./database.ts";
import type { EncodedStatement, Rows } from "./encoded-statement.ts";
import { readOnly, serializable } from "./isolation.ts";
import { runPipelined } from "./pipeline.ts";

/**
 * Runs statements that read in one serializable transaction, in one round trip. All see what was committed
 * at one moment.
 *
 * @returns the rows of each statement
 * @throws the error of the driver for the first statement that fails
 */
export function inReadTransaction(
  pool: Pool,
  statements: readonly EncodedStatement[],
): Promise<readonly Rows[]> {
  return withConnection(pool, async (client) => {
    const results = await runPipelined(client, [serializable, readOnly, ...statements]);
    return results.slice(-statements.length);
  });
}

/** Runs one statement that reads. */
export async function readAlone(pool: Pool, statement: EncodedStatement): Promise<Rows> {
  const [rows = []] = await inReadTransaction(pool, [statement]);
  return rows;
}
