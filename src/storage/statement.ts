import type pg from "pg";
import type { Statement } from "./pipeline.ts";

export interface StatementResult {
  /** The rows, as arrays. */
  readonly rows: readonly unknown[][];
  /** Rows read or changed, as the server reports them. */
  readonly count: number;
}

/** Runs a statement, prepared under its name, on a connection. */
export async function runStatement(
  client: pg.PoolClient,
  { name, text, values }: Statement,
): Promise<StatementResult> {
  const { rows, rowCount } = await client.query({
    name,
    text,
    values: [...values],
    rowMode: "array",
  });
  return { rows, count: rowCount ?? 0 };
}

/**
 * Sends the statements at once: one round trip. Where one fails in a transaction, so do those behind it.
 *
 * @throws what the driver says of the first failure, when all have ended
 */
export async function runStatements<const S extends readonly Statement[]>(
  client: pg.PoolClient,
  statements: S,
): Promise<{ [N in keyof S]: StatementResult }> {
  const sent = statements.map((statement) => runStatement(client, statement));
  await Promise.allSettled(sent);
  return (await Promise.all(sent)) as { [N in keyof S]: StatementResult };
}
