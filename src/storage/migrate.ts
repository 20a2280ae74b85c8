import type { Kysely, QueryExecutorProvider } from "kysely";
import { sql } from "kysely";
import { checkDatabase } from "./check-database.ts";
import { findEarlierMigrations } from "./earlier-migrations.ts";
import type { AppliedMigration } from "./migration-table.ts";
import {
  createMigrationTable,
  foreignObject,
  readMigrationTable,
  recordMigration,
} from "./migration-table.ts";
import * as initial from "./migrations/0001-initial.ts";
import * as keyLife from "./migrations/0002-key-life.ts";
import * as rateLimit from "./migrations/0003-rate-limit.ts";
import { checkRights, checkUsage } from "./rights.ts";
import type { Database } from "./schema.ts";

export interface Migration extends AppliedMigration {
  up(db: QueryExecutorProvider): Promise<void>;
}

/** In the order in which they run. A migration never changes once it is released. */
const knownMigrations: readonly Migration[] = [
  { name: "0001-initial", isBreaking: false, up: initial.up },
  { name: "0002-key-life", isBreaking: false, up: keyLife.up },
  { name: "0003-rate-limit", isBreaking: false, up: rateLimit.up },
];

/**
 * Key of the advisory lock under which migrations run: the letters "kith" as a number. Earlier versions
 * take the same lock.
 */
const migrationLock = 0x6b697468;

export interface MigrateOptions {
  /** The schema of Kith's tables, created if missing. If absent, the first schema of the search path. */
  readonly schema?: string | undefined;
  /** False: nothing is changed, and pending migrations are an error. Absent: true. */
  readonly migrates?: boolean | undefined;
  /** Called before a wait for another process that migrates. */
  readonly onWait?: () => void;
  /** Called if the database has migrations that this version does not know, but can work with. */
  readonly onNewer?: (names: readonly string[]) => void;
  readonly migrations?: readonly Migration[];
}

export interface Migrated {
  readonly schema: string;
  /** The migrations that this call ran. */
  readonly migrations: readonly string[];
}

/**
 * Brings the schema up to date, in one transaction, under a lock that the transaction holds. If nothing
 * is pending, it only reads. Any number of processes may call it at once.
 *
 * @throws Error if the database or its schema cannot be used; any error of a migration. Nothing has changed
 *   then.
 */
export async function migrate(
  db: Kysely<Database>,
  options: MigrateOptions = {},
): Promise<Migrated> {
  const { onNewer = () => {}, migrations = knownMigrations } = options;
  const schema = await checkDatabase(db, options.schema);
  await checkUsage(db, schema);
  await checkRights(db, schema);
  let applied = await readMigrationTable(db, schema);
  let ran: readonly string[] = [];
  const pending = pendingOf(migrations, applied);
  if (pending.length > 0) {
    if (options.migrates === false) throw lackingMigrations(schema, pending);
    ran = await migrateInTransaction(db, schema, { ...options, migrations });
    applied = await readMigrationTable(db, schema);
  }
  const newer = applied.filter(({ name }) => !migrations.some((known) => known.name === name));
  const breaking = newer.find(({ isBreaking }) => isBreaking);
  if (breaking !== undefined) {
    throw new Error(
      `a newer version of Kith has migrated the schema ${schema}, and this version cannot work with migration ${breaking.name}`,
    );
  }
  if (newer.length > 0) onNewer(newer.map(({ name }) => name));
  await checkRights(db, schema);
  return { schema, migrations: ran };
}

function lackingMigrations(schema: string, pending: readonly Migration[]): Error {
  const names = pending.map(({ name }) => name).join(", ");
  return new Error(
    `the schema ${schema} lacks migrations: ${names}; MIGRATE is off, so the owner must run kith migrate`,
  );
}

function pendingOf(migrations: readonly Migration[], applied: readonly AppliedMigration[]) {
  return migrations.filter((migration) => !applied.some(({ name }) => name === migration.name));
}

function migrateInTransaction(
  db: Kysely<Database>,
  schema: string,
  { migrations, onWait = () => {} }: MigrateOptions & { migrations: readonly Migration[] },
): Promise<readonly string[]> {
  // The migrations of another process must be visible once this process holds the lock.
  const transaction = db.transaction().setIsolationLevel("read committed");
  return transaction.execute(async (trx) => {
    await takeMigrationLock(trx, onWait);
    await useSchema(trx, schema);
    await expectingOwnNames(schema, () => createMigrationTable(trx, schema));
    const pending = pendingOf(migrations, await readMigrationTable(trx, schema));
    const earlier = await findEarlierMigrations(trx, schema);
    const ran = pending.filter(({ name }) => !earlier.includes(name));
    for (const migration of pending) {
      if (ran.includes(migration)) await expectingOwnNames(schema, () => migration.up(trx));
      await recordMigration(trx, schema, migration);
    }
    return ran.map(({ name }) => name);
  });
}

/** SQLSTATE of a table, an index or a type that exists already. */
const existsStates = ["42P07", "42710"];

/** @throws Error that says what to do, if the step finds a name in use that it needs */
async function expectingOwnNames(schema: string, step: () => Promise<void>): Promise<void> {
  try {
    await step();
  } catch (error) {
    const exists =
      error instanceof Error && "code" in error && existsStates.includes(`${error.code}`);
    throw exists ? foreignObject(schema, error.message, error) : error;
  }
}

async function takeMigrationLock(trx: QueryExecutorProvider, onWait: () => void): Promise<void> {
  const { rows } = await sql<{ locked: boolean }>`
    SELECT pg_try_advisory_xact_lock(${migrationLock}) AS locked`.execute(trx);
  if (rows[0]?.locked) return;
  onWait();
  await sql`SELECT pg_advisory_xact_lock(${migrationLock})`.execute(trx);
}

/** Creates the schema if it is missing, and makes it the schema of the transaction. */
async function useSchema(trx: QueryExecutorProvider, schema: string): Promise<void> {
  const { rows } = await sql`SELECT FROM pg_namespace WHERE nspname = ${schema}`.execute(trx);
  if (rows.length === 0) await sql`CREATE SCHEMA ${sql.id(schema)}`.execute(trx);
  await sql`SET LOCAL search_path TO ${sql.id(schema)}, pg_temp`.execute(trx);
}
