import type { QueryExecutorProvider } from "kysely";
import { sql } from "kysely";

/** Kith's own table: other applications in the database can use the migrations of Kysely too. */
const table = "kith_migration";

export interface AppliedMigration {
  readonly name: string;
  /** Whether versions that do not know the migration must not use the schema. */
  readonly isBreaking: boolean;
}

/** @returns the error for something with a name of Kith's that Kith did not make */
export function foreignObject(schema: string, what: string, cause?: Error): Error {
  return new Error(
    `the schema ${schema} has something that Kith did not make (${what}); set DATABASE_SCHEMA to a schema for Kith alone`,
    { cause },
  );
}

/**
 * The migrations that the schema has. Empty if the table does not exist.
 *
 * @throws Error if the table is one of another application
 */
export async function readMigrationTable(
  db: QueryExecutorProvider,
  schema: string,
): Promise<readonly AppliedMigration[]> {
  if (!(await hasOwnTable(db, schema))) return [];
  const { rows } = await sql<{ name: string; is_breaking: boolean }>`
    SELECT name, is_breaking FROM ${sql.id(schema, table)} ORDER BY name`.execute(db);
  return rows.map(({ name, is_breaking }) => ({ name, isBreaking: is_breaking }));
}

export async function createMigrationTable(
  db: QueryExecutorProvider,
  schema: string,
): Promise<void> {
  if (await hasOwnTable(db, schema)) return;
  await sql`
    CREATE TABLE ${sql.id(schema, table)} (
      name text COLLATE "C" PRIMARY KEY,
      is_breaking boolean NOT NULL,
      applied_at timestamptz NOT NULL DEFAULT now()
    )`.execute(db);
}

/** Whether the table exists. It is Kith's if it has the columns that Kith reads. */
async function hasOwnTable(db: QueryExecutorProvider, schema: string): Promise<boolean> {
  const { rows } = await sql<{ is_own: boolean }>`
    SELECT relkind = 'r' AND 2 = (
        SELECT count(*) FROM pg_attribute
        WHERE attrelid = pg_class.oid AND (attname, atttypid) IN (
          ('name', 'text'::regtype), ('is_breaking', 'boolean'::regtype)
        )
      ) AS is_own
    FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
    WHERE nspname = ${schema} AND relname = ${table}`.execute(db);
  if (rows[0]?.is_own === false) throw foreignObject(schema, `"${table}"`);
  return rows.length > 0;
}

export async function recordMigration(
  db: QueryExecutorProvider,
  schema: string,
  { name, isBreaking }: AppliedMigration,
): Promise<void> {
  await sql`
    INSERT INTO ${sql.id(schema, table)} (name, is_breaking) VALUES (${name}, ${isBreaking})`.execute(
    db,
  );
}

export async function hasTable(
  db: QueryExecutorProvider,
  schema: string,
  name: string,
): Promise<boolean> {
  const { rows } = await sql`
    SELECT FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
    WHERE nspname = ${schema} AND relname = ${name} AND relkind IN ('r', 'p')`.execute(db);
  return rows.length > 0;
}
