import type { Kysely, QueryExecutorProvider } from "kysely";
import { sql } from "kysely";
import type { Database } from "./schema.ts";

/** The rights that the service needs on its tables. The command line also writes apps and keys. */
const rights = [
  ["contact", "SELECT"],
  ["contact", "INSERT"],
  ["contact", "UPDATE"], // For row locks.
  ["contact", "DELETE"],
  ["app", "SELECT"],
  ["app", "UPDATE"], // For LOCK TABLE, by which transactions take turns.
  ["server_key", "SELECT"],
  ["kith_migration", "SELECT"],
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
  if (rows.length > 0) throw missingRights(schema, rows.map((row) => row.missing).join(", "));
}

/** @throws Error if the role may not use the schema, which hides what it contains */
export async function checkUsage(db: QueryExecutorProvider, schema: string): Promise<void> {
  const { rows } = await sql<{ usable: boolean }>`
    SELECT has_schema_privilege(oid, 'USAGE') AS usable FROM pg_namespace
    WHERE nspname = ${schema}`.execute(db);
  if (rows[0]?.usable === false) throw missingRights(schema, "USAGE");
}

function missingRights(schema: string, missing: string): Error {
  return new Error(
    `the role of the connection lacks rights in the schema ${schema}: ${missing}; the owner can grant them with kith migrate --grant-to ROLE`,
  );
}

/** Gives a role what a service needs that does not migrate the database. */
export async function grantRights(
  db: Kysely<Database>,
  schema: string,
  role: string,
): Promise<void> {
  const tables = [...new Set(rights.map(([table]) => table))];
  await db.transaction().execute(async (trx) => {
    await sql`GRANT USAGE ON SCHEMA ${sql.id(schema)} TO ${sql.id(role)}`.execute(trx);
    for (const table of tables) {
      const privileges = rights.filter(([of]) => of === table).map(([, privilege]) => privilege);
      await sql`
        GRANT ${sql.raw(privileges.join(", "))} ON ${sql.id(schema, table)}
        TO ${sql.id(role)}`.execute(trx);
    }
    // For the last use of keys.
    await sql`
      GRANT UPDATE (last_used_at) ON ${sql.id(schema, "server_key")}
      TO ${sql.id(role)}`.execute(trx);
  });
}
