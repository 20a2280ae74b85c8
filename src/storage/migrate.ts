import type { Kysely } from "kysely";
import { sql } from "kysely";
import type { Migration } from "kysely/migration";
import { Migrator } from "kysely/migration";
import * as initial from "./migrations/0001-initial.ts";
import type { Database } from "./schema.ts";

/** In the order of their names, which is the order they run in. Never edited once released. */
const migrations: Record<string, Migration> = { "0001-initial": initial };

/** Key of the advisory lock under which migrations run; the letters "kith" as a number. */
const migrationLock = 0x6b697468;

/**
 * Brings the schema up to date; a no-op where it is. Any number of processes may call it at once.
 *
 * @returns the names of the migrations that this call ran
 * @throws what the failing migration threw; it is rolled back, with those that ran before it
 */
export async function migrate(db: Kysely<Database>): Promise<string[]> {
  return db.connection().execute(async (connection) => {
    // Kysely's own lock is a row of a table that it has to create first: not safe on an empty database.
    await sql`SELECT pg_advisory_lock(${migrationLock})`.execute(connection);
    try {
      const migrator = new Migrator({
        db: connection,
        provider: { getMigrations: async () => migrations },
      });
      const { error, results = [] } = await migrator.migrateToLatest();
      if (error !== undefined) throw error;
      return results.map((result) => result.migrationName);
    } finally {
      await sql`SELECT pg_advisory_unlock(${migrationLock})`.execute(connection);
    }
  });
}
