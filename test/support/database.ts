import { randomBytes } from "node:crypto";
import type { Kysely } from "kysely";
import pg from "pg";
import { inject, onTestFinished } from "vitest";
import { createDatabase } from "../../src/storage/database.ts";
import type { Database } from "../../src/storage/schema.ts";
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
  const admin = new pg.Client({ connectionString });
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

/** A database of one's own: a clone of the migrated one, or an empty one. */
export async function createTestDatabase({
  template = templateDatabase,
}: {
  readonly template?: string;
} = {}): Promise<TestDatabase> {
  const server = inject("postgresUrl");
  const name = `test_${randomBytes(6).toString("hex")}`;
  await withAdmin(server, (admin) => admin.query(`CREATE DATABASE ${name} TEMPLATE ${template}`));
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
  const db = createDatabase({
    connectionString: url,
    poolSize,
    timeoutMs: patienceMs,
    onConnectionLost: () => {},
  });
  onTestFinished(() => db.destroy());
  return db;
}
