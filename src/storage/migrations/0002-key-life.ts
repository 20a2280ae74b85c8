import type { QueryExecutorProvider } from "kysely";
import { sql } from "kysely";

/** Longest wait for the table, in milliseconds. Look-ups of keys wait behind the migration meanwhile. */
const lockTimeoutMs = 2_000;

/**
 * Adds the name and the last use of a key. Both columns are optional and have no default, so Postgres
 * rewrites no row, and versions that do not know the columns continue to work.
 */
export async function up(db: QueryExecutorProvider): Promise<void> {
  // The start of the service retries the migration after this timeout.
  await sql`SET LOCAL lock_timeout TO ${sql.lit(lockTimeoutMs)}`.execute(db);
  await sql`
    ALTER TABLE server_key
      ADD COLUMN name text COLLATE "C",
      ADD COLUMN last_used_at timestamptz`.execute(db);
  await sql`SET LOCAL lock_timeout TO 0`.execute(db);
}
