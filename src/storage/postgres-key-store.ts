import type { Kysely } from "kysely";
import { sql } from "kysely";
import type { App, KeyRecord, KeyStore } from "../access/key-store.ts";
import type { Database } from "./schema.ts";
import { readTimestamp, selectTimestamp, writeTimestamp } from "./timestamp.ts";
import { withDatabaseFaults } from "./transaction.ts";

/** Apps and their keys in Postgres. */
export function createPostgresKeyStore(db: Kysely<Database>): KeyStore {
  const store: KeyStore = {
    async findKeys(ids) {
      const rows = await selectKeys(db)
        .where("server_key.id", "=", sql<string>`ANY(${ids}::text[])`)
        .execute();
      return rows.map(toKeyRecord);
    },

    async createApp(name) {
      const row = await db
        .insertInto("app")
        .values({ name })
        .onConflict((conflict) => conflict.column("name").doNothing())
        .returning(appColumns)
        .executeTakeFirst();
      return row && toApp(row);
    },

    async findApp(name) {
      const row = await selectApps(db).where("name", "=", name).executeTakeFirst();
      return row && toApp(row);
    },

    async listApps() {
      const rows = await selectApps(db).orderBy("name").execute();
      return rows.map(toApp);
    },

    async createKey({ id, appId, secretHash, expiresAt }) {
      const row = await db
        .insertInto("server_key")
        .values({
          id,
          app_id: appId,
          secret_sha256: secretHash,
          expires_at: expiresAt && writeTimestamp(expiresAt),
        })
        .onConflict((conflict) => conflict.column("id").doNothing())
        .returning("id")
        .executeTakeFirst();
      return row && findKey(row.id);
    },

    async listKeys(appId) {
      const rows = await selectKeys(db)
        .where("server_key.app_id", "=", appId)
        .orderBy("server_key.created_at")
        .orderBy("server_key.id")
        .execute();
      return rows.map(toKeyRecord);
    },

    async revokeKey(id) {
      await db
        .updateTable("server_key")
        .set({ revoked_at: sql`coalesce(revoked_at, now())` })
        .where("id", "=", id)
        .execute();
      return findKey(id);
    },
  };

  async function findKey(id: string): Promise<KeyRecord | undefined> {
    const row = await selectKeys(db).where("server_key.id", "=", id).executeTakeFirst();
    return row && toKeyRecord(row);
  }

  return withFaults(store);
}

/** Every method with the database's errors turned into faults. */
function withFaults(store: KeyStore): KeyStore {
  const methods = Object.entries(store).map(([name, method]) => [
    name,
    (...args: unknown[]) =>
      withDatabaseFaults(() => (method as (...args: unknown[]) => Promise<unknown>)(...args)),
  ]);
  return Object.fromEntries(methods) as KeyStore;
}

// Columns are selected in a form that no setting of the server, the database or the role can change.

const appColumns = [
  "app.id" as const,
  "app.name" as const,
  selectTimestamp<string>("app.created_at").as("created_at"),
] as const;

function selectApps(db: Kysely<Database>) {
  return db.selectFrom("app").select(appColumns);
}

function selectKeys(db: Kysely<Database>) {
  return db
    .selectFrom("server_key")
    .innerJoin("app", "app.id", "server_key.app_id")
    .select([
      "server_key.id",
      "server_key.app_id",
      "app.name as app_name",
      sql<string>`encode(server_key.secret_sha256, 'hex')`.as("secret_hex"),
      selectTimestamp<string>("server_key.created_at").as("created_at"),
      selectTimestamp<string | null>("server_key.expires_at").as("expires_at"),
      selectTimestamp<string | null>("server_key.revoked_at").as("revoked_at"),
    ]);
}

interface AppRow {
  readonly id: number;
  readonly name: string;
  readonly created_at: string;
}

function toApp({ id, name, created_at }: AppRow): App {
  return { id, name, createdAt: readTimestamp(created_at) };
}

interface KeyRow {
  readonly id: string;
  readonly app_id: number;
  readonly app_name: string;
  readonly secret_hex: string;
  readonly created_at: string;
  readonly expires_at: string | null;
  readonly revoked_at: string | null;
}

function toKeyRecord(row: KeyRow): KeyRecord {
  return {
    id: row.id,
    appId: row.app_id,
    appName: row.app_name,
    secretHash: Buffer.from(row.secret_hex, "hex"),
    createdAt: readTimestamp(row.created_at),
    expiresAt: row.expires_at === null ? null : readTimestamp(row.expires_at),
    revokedAt: row.revoked_at === null ? null : readTimestamp(row.revoked_at),
  };
}
