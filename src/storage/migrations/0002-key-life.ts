import type { QueryExecutorProvider } from "kysely";
import { sql } from "kysely";
import { alterTable } from "./alter-table.ts";

/**
 * Adds the name and the last use of a key. Both columns are optional and have no default, so Postgres
 * rewrites no row, and versions that do not know the columns continue to work.
 */
export async function up(db: QueryExecutorProvider): Promise<void> {
  const statement = sql`
    ALTER TABLE server_key
      ADD COLUMN name text COLLATE "C",
      ADD COLUMN last_used_at timestamptz`;
  await alterTable(db, statement);
}
