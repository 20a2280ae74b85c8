import type { Kysely, Selectable } from "kysely";
import { sql } from "kysely";
import type { App, KeyRecord, KeyStore } from "../access/key-store.ts";
import type { AppTable, Database, ServerKeyTable } from "./schema.ts";
import { withDatabaseFaults } from "./transaction.ts";

/** Apps and their keys in Postgres. */
export function createKeyStore(db: Kysely<Database>): KeyStore {
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
        .returningAll()
        .executeTakeFirst();
      return row && toApp(row);
    },

    async findApp(name) {
      const row = await db
        .selectFrom("app")
        .selectAll()
        .where("name", "=", name)
        .executeTakeFirst();
      return row && toApp(row);
    },

    async listApps() {
      const rows = await db.selectFrom("app").selectAll().orderBy("name").execute();
      return rows.map(toApp);
    },

    async ensureKey({ id, appId, secretHash, expiresAt }) {
      await db
        .insertInto("server_key")
        .values({ id, app_id: appId, secret_sha256: secretHash, expires_at: expiresAt })
        .onConflict((conflict) =>
          conflict
            .column("id")
            .doUpdateSet({ secret_sha256: secretHash, expires_at: expiresAt })
            .where("server_key.app_id", "=", appId),
        )
        .execute();
      const row = await selectKeys(db)
        .where("server_key.id", "=", id)
        .where("server_key.app_id", "=", appId)
        .executeTakeFirst();
      return row && toKeyRecord(row);
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
      const row = await selectKeys(db).where("server_key.id", "=", id).executeTakeFirst();
      return row && toKeyRecord(row);
    },
  };
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

function selectKeys(db: Kysely<Database>) {
  return db
    .selectFrom("server_key")
    .innerJoin("app", "app.id", "server_key.app_id")
    .selectAll("server_key")
    .select("app.name as app_name");
}

function toApp({ id, name, created_at }: Selectable<AppTable>): App {
  return { id, name, createdAt: created_at };
}

function toKeyRecord(row: Selectable<ServerKeyTable> & { app_name: string }): KeyRecord {
  return {
    id: row.id,
    appId: row.app_id,
    appName: row.app_name,
    secretHash: row.secret_sha256,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    revokedAt: row.revoked_at,
  };
}
