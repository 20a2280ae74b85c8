import type { QueryExecutorProvider } from "kysely";
import { sql } from "kysely";

/** Kith's own table: other applications in the database can use the migrations of Kysely too. */
const table = "kith_migration";

export interface AppliedMigration {
  readonly name: string;
  /** Whether versions that do not know the migration must not use the schema. */
  readonly isBreaking: boolean;
}

/** The migrations that the schema has. Empty if the table does not exist. */
export async function readMigrationTable(
  db: QueryExecutorProvider,
  schema: string,
): Promise<readonly AppliedMigration[]> {
  if (!(await hasTable(db, schema, table))) return [];
  const { rows } = await sql<{ name: string; is_breaking: boolean }>`
    SELECT name, is_breaking FROM ${sql.id(schema, table)} ORDER BY name`.execute(db);
  return rows.map(({ name, is_breaking }) => ({ name, isBreaking: is_breaking }));
}

export async function createMigrationTable(
  db: QueryExecutorProvider,
  schema: string,
): Promise<void> {
  if (await hasTable(db, schema, table)) return;
  await sql`
    CREATE TABLE ${sql.id(schema, table)} (
      name text COLLATE "C" PRIMARY KEY,
      is_breaking boolean NOT NULL,
      applied_at timestamptz NOT NULL DEFAULT now()
    )`.execute(db);
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
