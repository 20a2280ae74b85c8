import { afterAll, beforeAll, expect, test } from "vitest";
import { eraseApp } from "../../src/access/app-eraser.ts";
import { createPostgresAppStore } from "../../src/storage/postgres-app-store.ts";
import { createPostgresKeyStore } from "../../src/storage/postgres-key-store.ts";
import type { TestDatabase } from "../support/database.ts";
import { createTestDatabase, openDatabase } from "../support/database.ts";
import { openSession } from "./support/session.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

let names = 0;

/** An app with one key, revoked long ago, and this many contacts. */
async function createAppWith(contacts: number) {
  names += 1;
  const db = openDatabase(database.url, 2);
  const keys = createPostgresKeyStore(db);
  const store = createPostgresAppStore({ db, keys });
  const session = await openSession(database.url);
  const app = await keys.createApp(`app ${names}`);
  if (app === undefined) throw new Error("the name is taken");
  const createKey = (id: string) =>
    keys.createKey({ id, appId: app.id, secretHash: Buffer.alloc(32), expiresAt: null });
  const keyId = `key of ${app.id}`;
  await createKey(keyId);
  await session.query("UPDATE server_key SET revoked_at = '2026-01-01' WHERE id = $1", [keyId]);
  await session.query(
    `INSERT INTO contact (app_id, owner_id, contact_id)
     SELECT $1, 'o' || n % 7, 'c' || n FROM generate_series(1, $2::int) AS n`,
    [app.id, contacts],
  );
  const count = async (table: string, column: string) => {
    const { rowCount } = await session.query(`SELECT FROM ${table} WHERE ${column} = $1`, [app.id]);
    return rowCount;
  };
  return { app, keys, store, createKey, keyId, count };
}

function erase(store: Parameters<typeof eraseApp>[0]["store"], appId: number) {
  const waits: number[] = [];
  const onWait = (ms: number) => waits.push(ms);
  return { waits, erased: eraseApp({ store, appId, requestTimeoutMs: 0, onWait }) };
}

test("the rate limit of an app is set for the app and its keys, and removed", async () => {
  const { app, keys, store, keyId } = await createAppWith(0);
  const other = await createAppWith(0);
  const limits = async () => {
    const [key] = await keys.findKeys([keyId]);
    const apps = [await keys.findApp(app.name), await keys.findApp(other.app.name)];
    return [key?.rateLimit, ...apps.map((found) => found?.rateLimit)];
  };
  const limit = { contactsPerSecond: 1_000_000_000, burst: 7 };
  await store.setRateLimit(app.id, limit);
  expect(await limits()).toEqual([limit, limit, null]);
  await store.setRateLimit(app.id, null);
  expect(await limits()).toEqual([null, null, null]);
});

test("an app is erased in steps, and other apps do not change", async () => {
  const mine = await createAppWith(12_345);
  const other = await createAppWith(100);
  const steps: number[] = [];
  const store: typeof mine.store = {
    ...mine.store,
    async deleteContacts(...args) {
      const step = await mine.store.deleteContacts(...args);
      steps.push(step.deleted);
      return step;
    },
  };
  const { erased, waits } = erase(store, mine.app.id);
  expect(await erased).toEqual({ contacts: 12_345, keys: 1 });
  expect(steps).toEqual([5_000, 5_000, 2_345, 0]);
  // No key was valid lately, so there is nothing to wait for.
  expect(waits).toEqual([]);
  expect(await mine.keys.findApp(mine.app.name)).toBeUndefined();
  expect(await mine.keys.findKeys([mine.keyId])).toEqual([]);
  expect(await mine.count("contact", "app_id")).toBe(0);
  expect(await other.count("contact", "app_id")).toBe(100);
  expect(await other.keys.listKeys(other.app.id)).toHaveLength(1);
});

test("the keys are revoked first, and no contact is deleted while they may be in use", async () => {
  const { app, keys, store, createKey, count } = await createAppWith(3);
  await createKey(`valid ${app.id}`);
  const { erased, waits } = erase(store, app.id);
  while (waits.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
  expect(waits[0]).toBeGreaterThan(0);
  expect(waits[0]).toBeLessThanOrEqual(10_000);
  const revoked = (await keys.listKeys(app.id)).map(({ revokedAt }) => revokedAt !== null);
  expect(revoked).toEqual([true, true]);
  expect(await count("contact", "app_id")).toBe(3);
  expect(await erased).toEqual({ contacts: 3, keys: 2 });
});

test("a key that is created meanwhile keeps the app", async () => {
  const { app, keys, store, createKey, keyId } = await createAppWith(3);
  const { erased } = erase(
    {
      ...store,
      async deleteContacts(...args) {
        await createKey(`new ${app.id}`);
        return store.deleteContacts(...args);
      },
    },
    app.id,
  );
  expect(await erased).toBeUndefined();
  expect(await keys.findApp(app.name)).toEqual(app);
  const ids = (await keys.listKeys(app.id)).map(({ id }) => id);
  expect(ids).toEqual([keyId, `new ${app.id}`]);
});

test.each([
  [3, 4, { count: 3, hasMore: false }],
  [3, 3, { count: 3, hasMore: false }],
  [3, 2, { count: 2, hasMore: true }],
])("%i contacts with the limit %i", async (contacts, limit, expected) => {
  const { app, store } = await createAppWith(contacts);
  expect(await store.countContacts(app.id, limit)).toEqual(expected);
});
