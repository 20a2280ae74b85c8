import type pg from "pg";

/** A statement that is prepared once on each connection, under its name. */
export interface Statement {
  readonly name: string;
  readonly text: string;
  readonly values: readonly unknown[];
}

const begin: Statement = { name: "begin", text: "BEGIN", values: [] };
const commit: Statement = { name: "commit", text: "COMMIT", values: [] };

/**
 * Runs the statements in one transaction, all sent at once: one round trip. Where one fails the server
 * skips those behind it and answers COMMIT with ROLLBACK, so that nothing is half done.
 *
 * @returns the rows of each statement, as arrays
 * @throws what the driver says of the first failure
 */
export async function inPipelinedTransaction(
  pool: pg.Pool,
  statements: readonly Statement[],
): Promise<unknown[][][]> {
  const client = await pool.connect();
  const sent = [begin, ...statements, commit].map((statement) => send(client, statement));
  const results = await Promise.allSettled(sent);
  client.release();
  const failed = results.find((result) => result.status === "rejected");
  if (failed !== undefined) throw failed.reason;
  return results.slice(1, -1).map((result) => (result.status === "fulfilled" ? result.value : []));
}

async function send(
  client: pg.PoolClient,
  { name, text, values }: Statement,
): Promise<unknown[][]> {
  const result = await client.query({ name, text, values: [...values], rowMode: "array" });
  if (name === commit.name && result.command !== "COMMIT") {
    throw new Error("the server rolled back a transaction in which no statement failed");
  }
  return result.rows;
}
