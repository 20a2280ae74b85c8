import type { QueryExecutorProvider } from "kysely";
import { sql } from "kysely";
import { hasTable } from "./migration-table.ts";

/** The first version recorded its one migration in this table of Kysely's, which applications can share. */
const earlierTable = "kysely_migration";
const earlierMigration = "0001-initial";

/** The tables as that migration made them. */
const earlierColumns = [
  "app.created_at timestamp with time zone",
  "app.id integer",
  "app.name text",
  "contact.app_id integer",
  "contact.contact_id text",
  "contact.created_at timestamp with time zone",
  "contact.owner_id text",
  "server_key.app_id integer",
  "server_key.created_at timestamp with time zone",
  "server_key.expires_at timestamp with time zone",
  "server_key.id text",
  "server_key.revoked_at timestamp with time zone",
  "server_key.secret_sha256 bytea",
];

/**
 * The migrations that the first version of Kith applied to the schema. Its own record stays as it is, so
 * that the first version can still be started.
 */
export async function findEarlierMigrations(
  db: QueryExecutorProvider,
  schema: string,
): Promise<readonly string[]> {
  if (!(await hasTable(db, schema, earlierTable))) return [];
  const recorded = await sql`
    SELECT FROM ${sql.id(schema, earlierTable)} WHERE name = ${earlierMigration}`.execute(db);
  const isOurs = recorded.rows.length > 0 && (await hasEarlierTables(db, schema));
  return isOurs ? [earlierMigration] : [];
}

/** Whether the tables are Kith's: another application can have recorded a migration of this name. */
async function hasEarlierTables(db: QueryExecutorProvider, schema: string): Promise<boolean> {
  const { rows } = await sql<{ description: string }>`
    SELECT relname || '.' || attname || ' ' || format_type(atttypid, NULL) AS description
    FROM pg_attribute
      JOIN pg_class ON pg_class.oid = attrelid
      JOIN pg_namespace ON pg_namespace.oid = relnamespace
    WHERE nspname = ${schema} AND relname IN ('app', 'server_key', 'contact') AND relkind = 'r'
      AND attnum > 0 AND NOT attisdropped`.execute(db);
  const found = rows.map(({ description }) => description).sort();
  return found.join() === earlierColumns.join();
}
