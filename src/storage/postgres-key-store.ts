import type { Kysely } from "kysely";
import { sql } from "kysely";
import type { App, KeyRecord, KeyStore, NewKey } from "../access/key-store.ts";
import type { RateLimit } from "../access/rate-limit.ts";
import type { Database } from "./schema.ts";
import { readTimestamp, selectTimestamp, timeFromNow, writeTimestamp } from "./timestamp.ts";
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

    async createKey(key) {
      const id = await insertKey(db, key);
      return id === undefined ? undefined : findKey(db, id);
    },

    async listKeys(appId) {
      const rows = await selectKeys(db)
        .$if(appId !== undefined, (query) => query.where("server_key.app_id", "=", appId ?? 0))
        .orderBy("app.name")
        .orderBy("server_key.created_at")
        .orderBy("server_key.id")
        .execute();
      return rows.map(toKeyRecord);
    },

    rotateKey({ id, overlapMs, newKey }) {
      return db.transaction().execute(async (trx) => {
        const replaced = await trx
          .updateTable("server_key")
          .set({ expires_at: sql`least(expires_at, ${timeFromNow(overlapMs)})` })
          .where("id", "=", id)
          .where("revoked_at", "is", null)
          .where(sql<boolean>`(expires_at IS NULL OR expires_at > now())`)
          .returning(["app_id", "name"])
          .executeTakeFirst();
        if (replaced === undefined) return undefined;
        const { app_id: appId, name } = replaced;
        const inserted = await insertKey(trx, { ...newKey, appId, name });
        if (inserted === undefined) throw new Error(`key id ${newKey.id} exists already`);
        const [oldRecord, newRecord] = [await findKey(trx, id), await findKey(trx, newKey.id)];
        return oldRecord && newRecord && { oldKey: oldRecord, newKey: newRecord };
      });
    },

    async revokeKey(id) {
      await db
        .updateTable("server_key")
        .set({ revoked_at: sql`coalesce(revoked_at, now())` })
        .where("id", "=", id)
        .execute();
      return findKey(db, id);
    },

    async recordUses(uses) {
      const times = [...uses.values()].map((at) => at.getTime() / 1_000);
      await sql`
        WITH used AS (
          SELECT * FROM unnest(${[...uses.keys()]}::text[], ${times}::double precision[]) AS used (id, at)
        ), unlocked AS (
          SELECT server_key.id FROM server_key WHERE id IN (SELECT id FROM used)
          FOR NO KEY UPDATE SKIP LOCKED
        )
        UPDATE server_key SET last_used_at = greatest(last_used_at, to_timestamp(used.at))
        FROM used JOIN unlocked USING (id)
        WHERE server_key.id = used.id`.execute(db);
    },
  };
  return withFaults(store);
}

async function findKey(db: Kysely<Database>, id: string): Promise<KeyRecord | undefined> {
  const row = await selectKeys(db).where("server_key.id", "=", id).executeTakeFirst();
  return row && toKeyRecord(row);
}

/** @returns the id of the key; undefined if it exists already */
async function insertKey(db: Kysely<Database>, key: NewKey): Promise<string | undefined> {
  const row = await db
    .insertInto("server_key")
    .values({
      id: key.id,
      app_id: key.appId,
      name: key.name ?? null,
      secret_sha256: key.secretHash,
      expires_at: key.expiresAt && writeTimestamp(key.expiresAt),
    })
    .onConflict((conflict) => conflict.column("id").doNothing())
    .returning("id")
    .executeTakeFirst();
  return row?.id;
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
  "app.contacts_per_second" as const,
  "app.burst" as const,
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
      "server_key.name",
      "server_key.app_id",
      "app.name as app_name",
      "app.contacts_per_second",
      "app.burst",
      sql<string>`encode(server_key.secret_sha256, 'hex')`.as("secret_hex"),
      selectTimestamp<string>("server_key.created_at").as("created_at"),
      selectTimestamp<string | null>("server_key.expires_at").as("expires_at"),
      selectTimestamp<string | null>("server_key.revoked_at").as("revoked_at"),
      selectTimestamp<string | null>("server_key.last_used_at").as("last_used_at"),
    ]);
}

interface RateLimitColumns {
  readonly contacts_per_second: number | null;
  readonly burst: number | null;
}

interface AppRow extends RateLimitColumns {
  readonly id: number;
  readonly name: string;
  readonly created_at: string;
}

function toApp({ id, name, created_at, ...limit }: AppRow): App {
  return { id, name, createdAt: readTimestamp(created_at), rateLimit: toRateLimit(limit) };
}

function toRateLimit({ contacts_per_second, burst }: RateLimitColumns): RateLimit | null {
  return contacts_per_second === null || burst === null
    ? null
    : { contactsPerSecond: contacts_per_second, burst };
}

interface KeyRow extends RateLimitColumns {
  readonly id: string;
  readonly name: string | null;
  readonly app_id: number;
  readonly app_name: string;
  readonly secret_hex: string;
  readonly created_at: string;
  readonly expires_at: string | null;
  readonly revoked_at: string | null;
  readonly last_used_at: string | null;
}

function toKeyRecord(row: KeyRow): KeyRecord {
  return {
    id: row.id,
    name: row.name,
    appId: row.app_id,
    appName: row.app_name,
    rateLimit: toRateLimit(row),
    secretHash: Buffer.from(row.secret_hex, "hex"),
    createdAt: readTimestamp(row.created_at),
    expiresAt: readOptional(row.expires_at),
    revokedAt: readOptional(row.revoked_at),
    lastUsedAt: readOptional(row.last_used_at),
  };
}

function readOptional(seconds: string | null): Date | null {
  return seconds === null ? null : readTimestamp(seconds);
}
