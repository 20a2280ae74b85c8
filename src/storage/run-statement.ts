import type pg from "pg";
import type { QueryOptions } from "./pipeline.ts";
import type { Statement } from "./statement.ts";
import { withoutQueryTimeout } from "./write-connection.ts";

export interface StatementResult {
  /** The rows, as arrays. */
  readonly rows: readonly unknown[][];
  /** Number of rows read or changed, as the server reports it. */
  readonly count: number;
}

/** Runs a statement of a transaction that writes. The driver prepares it under its name. */
export async function runStatement(
  client: pg.PoolClient,
  { name, text, values }: Statement,
): Promise<StatementResult> {
  const query: pg.QueryArrayConfig & QueryOptions = {
    name,
    text,
    values: [...values],
    rowMode: "array",
    ...withoutQueryTimeout,
  };
  const { rows, rowCount } = await client.query(query);
  return { rows, count: rowCount ?? 0 };
}

/**
 * Runs the statements in one round trip. If one fails in a transaction, the ones after it fail too.
 *
 * @throws the first error of the driver, after all statements have ended
 */
export async function runStatements<const S extends readonly Statement[]>(
  client: pg.PoolClient,
  statements: S,
): Promise<{ [N in keyof S]: StatementResult }> {
  const sent = statements.map((statement) => runStatement(client, statement));
  await Promise.allSettled(sent);
  return (await Promise.all(sent)) as { [N in keyof S]: StatementResult };
}
