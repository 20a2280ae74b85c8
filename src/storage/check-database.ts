import type { QueryExecutorProvider } from "kysely";
import { sql } from "kysely";

/**
 * Checks that Kith can work with the database.
 *
 * @param wanted the schema of Kith's tables; absent: the first schema of the search path
 * @returns the schema of Kith's tables
 * @throws Error with a text that says what to change
 */
export async function checkDatabase(
  db: QueryExecutorProvider,
  wanted: string | undefined,
): Promise<string> {
  const { rows } = await sql<{ encoding: string; schema: string | null }>`
    SELECT current_setting('server_encoding') AS encoding, current_schema() AS schema`.execute(db);
  const { encoding, schema } = rows[0] ?? {};
  if (encoding !== "UTF8") throw new Error(`database encoding must be UTF8, not ${encoding}`);
  const found = wanted ?? schema;
  if (!found) throw new Error("no schema of the search path exists; set DATABASE_SCHEMA");
  return found;
}
