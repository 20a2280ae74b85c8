import type { QueryExecutorProvider, RawBuilder } from "kysely";
import { sql } from "kysely";

/** Longest wait for the table, in milliseconds. Look-ups of keys wait behind the migration meanwhile. */
const lockTimeoutMs = 2_000;

/** Alters a table that calls read. If they do not release it in time, the start retries the migration. */
export async function alterTable(
  db: QueryExecutorProvider,
  statement: RawBuilder<unknown>,
): Promise<void> {
  await sql`SET LOCAL lock_timeout TO ${sql.lit(lockTimeoutMs)}`.execute(db);
  await statement.execute(db);
  await sql`SET LOCAL lock_timeout TO 0`.execute(db);
}
