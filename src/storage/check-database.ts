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

/** The rights that the service needs on its tables. The command line writes apps and keys. */
const rights = [
  ["contact", "SELECT"],
  ["contact", "INSERT"],
  ["contact", "UPDATE"], // For row locks.
  ["contact", "DELETE"],
  ["app", "SELECT"],
  ["app", "UPDATE"], // For LOCK TABLE, by which transactions take turns.
  ["server_key", "SELECT"],
] as const;

/** @throws Error if the role lacks a right that every process needs */
export async function checkRights(db: QueryExecutorProvider, schema: string): Promise<void> {
  const tables = rights.map(([table]) => table);
  const privileges = rights.map(([, privilege]) => privilege);
  const { rows } = await sql<{ missing: string }>`
    SELECT privilege || ' on ' || name AS missing
    FROM unnest(${tables}::text[], ${privileges}::text[]) AS needed (name, privilege)
      JOIN pg_namespace ON nspname = ${schema}
      JOIN pg_class ON relnamespace = pg_namespace.oid AND relname = name
    WHERE NOT has_table_privilege(pg_class.oid, privilege)`.execute(db);
  if (rows.length > 0) {
    const missing = rows.map((row) => row.missing).join(", ");
    throw new Error(`the role of the connection lacks rights in the schema ${schema}: ${missing}`);
  }
}
