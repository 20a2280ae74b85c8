import { randomBytes } from "node:crypto";
import type { Kysely } from "kysely";
import pg from "pg";
import { inject, onTestFinished } from "vitest";
import type { Pool } from "../../src/storage/database.ts";
import { createDatabaseOn, createPool } from "../../src/storage/database.ts";
import type { Database } from "../../src/storage/schema.ts";
import { hostileDefaults, usualOptions } from "./hostile-defaults.ts";
import { patienceMs } from "./patience.ts";

export const templateDatabase = "kith_template";

/** The connection string of another database on the same server. */
export function urlOf(connectionString: string, database: string): string {
  const url = new URL(connectionString);
  url.pathname = `/${database}`;
  return url.href;
}

/** Runs something on the server's administration database. */
export async function withAdmin<T>(
  connectionString: string,
  work: (admin: pg.Client) => Promise<T>,
): Promise<T> {
  const admin = new pg.Client({ connectionString, options: usualOptions });
  await admin.connect();
  try {
    return await work(admin);
  } finally {
    await admin.end();
  }
}

export interface TestDatabase {
  readonly url: string;
  drop(): Promise<void>;
}

export interface TestDatabaseOptions {
  /** The migrated database unless it is given; `template0` is an empty one. */
  readonly template?: string;
  /** Settings that all sessions on the database start with. */
  readonly defaults?: Readonly<Record<string, string>>;
}

/**
 * Set to `hostile` (by a project of the test configuration), it gives every test database defaults that the
 * service must not depend on.
 */
const usualDefaults = process.env.TEST_DATABASE_DEFAULTS === "hostile" ? hostileDefaults : {};

/** A database of one's own. */
export async function createTestDatabase({
  template = templateDatabase,
  defaults = usualDefaults,
}: TestDatabaseOptions = {}): Promise<TestDatabase> {
  const server = inject("postgresUrl");
  const name = `test_${randomBytes(6).toString("hex")}`;
  await withAdmin(server, async (admin) => {
    await admin.query(`CREATE DATABASE ${name} TEMPLATE ${template}`);
    for (const [setting, value] of Object.entries(defaults)) {
      // The search path is a list, which must not become one quoted name.
      const text = setting === "search_path" ? value : admin.escapeLiteral(value);
      await admin.query(`ALTER DATABASE ${name} SET ${setting} TO ${text}`);
    }
  });
  return {
    url: urlOf(server, name),
    drop: () =>
      withAdmin(server, async (admin) => {
        await admin.query(`DROP DATABASE ${name} WITH (FORCE)`);
      }),
  };
}

/** A Kysely on the database, closed when the running test ends. */
export function openDatabase(url: string, poolSize = 10): Kysely<Database> {
  return createDatabaseOn(openPool(url, poolSize));
}

/** A pool of the service, closed when the running test ends. */
export function openPool(url: string, poolSize = 10): Pool {
  const pool = createPool({
    connectionString: url,
    poolSize,
    timeoutMs: patienceMs,
    onConnectionLost: () => {},
  });
  onTestFinished(() => pool.end());
  return pool;
}
