import { withConnection } from "./connection.ts";
import type { Pool } from "./database.ts";
import type { EncodedStatement, Rows } from "./encoded-statement.ts";
import { runPipelined } from "./pipeline.ts";
import { sessionOf } from "./session.ts";

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
    const results = await runPipelined(client, [...sessionOf(client).openings.read, ...statements]);
    return results.slice(-statements.length).map(({ rows }) => rows);
  });
}

/** Runs one statement that reads. */
export async function readAlone(pool: Pool, statement: EncodedStatement): Promise<Rows> {
  const [rows = []] = await inReadTransaction(pool, [statement]);
  return rows;
}
