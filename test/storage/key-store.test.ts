import { beforeEach, expect, test } from "vitest";
import type { KeyStore, NewKey } from "../../src/access/key-store.ts";
import { generateServerKey, hashSecret } from "../../src/access/server-key.ts";
import { createPostgresKeyStore } from "../../src/storage/postgres-key-store.ts";
import { openDatabase } from "../support/database.ts";
import { describeDatabases } from "./support/describe-databases.ts";
import { openSession } from "./support/session.ts";

describeDatabases({}, (url) => {
  let keys: KeyStore;
  beforeEach(() => {
    keys = createPostgresKeyStore(openDatabase(url(), 2));
  });

  let names = 0;
  async function newApp(): Promise<number> {
    names += 1;
    const app = await keys.createApp(`app ${names}`);
    if (app === undefined) throw new Error("the name is taken");
    return app.id;
  }

  function newKey(appId: number, change: Partial<NewKey> = {}): NewKey {
    const { id, secret } = generateServerKey();
    return { id, appId, secretHash: hashSecret(secret), expiresAt: null, ...change };
  }

  test("an app is created, found by its name, and listed", async () => {
    const made = await keys.createApp("shop");
    expect(made).toEqual({
      id: expect.any(Number),
      name: "shop",
      createdAt: expect.any(Date),
      rateLimit: null,
    });
    expect(await keys.findApp("shop")).toEqual(made);
    expect(await keys.listApps()).toContainEqual(made);
  });

  test("a name that is taken is rejected, and its app does not change", async () => {
    const made = await keys.createApp("taken");
    expect(await keys.createApp("taken")).toBeUndefined();
    expect(await keys.findApp("taken")).toEqual(made);
  });

  test("one of many concurrent creations of the same app succeeds", async () => {
    const made = await Promise.all(Array.from({ length: 10 }, () => keys.createApp("wanted")));
    expect(made.filter((app) => app !== undefined)).toHaveLength(1);
  });

  test.each(["Case", "case", "CASE", "case ", "cäse", "c'ase"])(
    "the name %j is its own",
    async (name) => {
      expect(await keys.findApp(name)).toBeUndefined();
      const made = await keys.createApp(name);
      expect(made?.name).toBe(name);
      expect(await keys.findApp(name)).toEqual(made);
    },
  );

  test("an unknown app is undefined", async () => {
    expect(await keys.findApp("nobody")).toBeUndefined();
  });

  test("apps are listed by name, byte by byte", async () => {
    for (const name of ["list b", "list B", "list é", "list a", "list 10", "list 9"]) {
      await keys.createApp(name);
    }
    const listed = (await keys.listApps()).map(({ name }) => name);
    expect(listed.filter((name) => name.startsWith("list "))).toEqual([
      "list 10",
      "list 9",
      "list B",
      "list a",
      "list b",
      "list é",
    ]);
  });

  test("a key is created, and found with its app and without its secret", async () => {
    const app = await keys.createApp("with a key");
    const expiresAt = new Date("2030-01-02T03:04:05.678Z");
    const key = newKey(app?.id ?? 0, { expiresAt });
    const record = await keys.createKey(key);
    expect(record).toEqual({
      ...key,
      name: null,
      appName: "with a key",
      rateLimit: null,
      createdAt: expect.any(Date),
      revokedAt: null,
      lastUsedAt: null,
    });
    expect(await keys.findKeys([key.id])).toEqual([record]);
  });

  test("a key whose id is taken is not created, and the existing key does not change", async () => {
    const appId = await newApp();
    const key = newKey(appId);
    const first = await keys.createKey(key);
    const again = { ...newKey(appId), id: key.id, expiresAt: new Date(0) };
    expect(await keys.createKey(again)).toBeUndefined();
    expect(await keys.listKeys(appId)).toEqual([first]);
  });

  test("one of many concurrent creations of the same key succeeds", async () => {
    const key = newKey(await newApp());
    const made = await Promise.all(Array.from({ length: 10 }, () => keys.createKey(key)));
    expect(made.filter((record) => record !== undefined)).toHaveLength(1);
  });

  /** As Postgres stores it, and as the record has it. */
  const times: [stored: string, read: Date][] = [
    ["2024-02-03T04:05:06.789Z", new Date("2024-02-03T04:05:06.789Z")],
    ["2024-02-03T04:05:06.7891Z", new Date("2024-02-03T04:05:06.789Z")],
    ["1969-12-31T23:59:59.5Z", new Date(-500)],
    ["0044-03-15 12:00:00+00 BC", new Date("-000043-03-15T12:00:00Z")],
    ["12024-02-03T04:05:06Z", new Date("+012024-02-03T04:05:06Z")],
    ["infinity", new Date(8.64e15)],
    ["-infinity", new Date(-8.64e15)],
    ["294276-12-31T23:59:59Z", new Date(8.64e15)],
  ];

  test.each(times)("the time %s is read unchanged", async (stored, read) => {
    const key = newKey(await newApp());
    await keys.createKey(key);
    const session = await openSession(url());
    await session.query(
      "UPDATE server_key SET expires_at = $2, revoked_at = $2, created_at = $2 WHERE id = $1",
      [key.id, stored],
    );
    expect(await keys.findKeys([key.id])).toMatchObject([
      { createdAt: read, expiresAt: read, revokedAt: read, secretHash: key.secretHash },
    ]);
  });

  test("a key of another app does not change", async () => {
    const [mine, theirs] = [await newApp(), await newApp()];
    const key = newKey(theirs);
    const record = await keys.createKey(key);
    expect(await keys.createKey({ ...newKey(mine), id: key.id })).toBeUndefined();
    expect(await keys.findKeys([key.id])).toEqual([record]);
    expect(await keys.listKeys(mine)).toEqual([]);
  });

  test("revoking twice keeps the first time", async () => {
    const key = newKey(await newApp());
    await keys.createKey(key);
    const first = await keys.revokeKey(key.id);
    const second = await keys.revokeKey(key.id);
    expect(first?.revokedAt).toBeInstanceOf(Date);
    expect(second).toEqual(first);
  });

  test("revoking does not change other keys", async () => {
    const appId = await newApp();
    const [one, other] = [newKey(appId), newKey(appId)];
    for (const key of [one, other]) await keys.createKey(key);
    await keys.revokeKey(one.id);
    expect((await keys.findKeys([other.id]))[0]?.revokedAt).toBeNull();
  });

  test("an unknown key cannot be revoked", async () => {
    expect(await keys.revokeKey("nobody")).toBeUndefined();
  });

  test("the keys of an app are listed oldest first, and by id if they have the same time", async () => {
    const appId = await newApp();
    const session = await openSession(url());
    const ages = {
      late: "2020-01-03",
      early: "2020-01-01",
      "same b": "2020-01-02",
      "same B": "2020-01-02",
    };
    for (const [name, createdAt] of Object.entries(ages)) {
      const id = `${appId} ${name}`;
      await keys.createKey(newKey(appId, { id }));
      await session.query("UPDATE server_key SET created_at = $2 WHERE id = $1", [id, createdAt]);
    }
    const listed = (await keys.listKeys(appId)).map(({ id }) => id);
    expect(listed).toEqual(["early", "same B", "same b", "late"].map((name) => `${appId} ${name}`));
  });

  test("many keys are found in one query, without those that do not exist", async () => {
    const appId = await newApp();
    const made = Array.from({ length: 50 }, () => newKey(appId));
    for (const key of made) await keys.createKey(key);
    const asked = [...made.map(({ id }) => id), "nobody", made[0]?.id ?? ""];
    const found = (await keys.findKeys(asked)).map(({ id }) => id);
    expect(found.sort()).toEqual(made.map(({ id }) => id).sort());
    expect(await keys.findKeys([])).toEqual([]);
  });

  test.each(["'", '"', "\\", "{a,b}", "NULL", "😀", "a\u0001b"])(
    "the id %j is kept",
    async (text) => {
      const key = newKey(await newApp(), { id: text });
      const record = await keys.createKey(key);
      expect(record?.id).toBe(text);
      expect(await keys.findKeys([text])).toEqual([record]);
    },
  );

  test("ids that differ in case are different", async () => {
    const appId = await newApp();
    const lower = await keys.createKey(newKey(appId, { id: "id of a key" }));
    expect(await keys.findKeys(["ID of a key"])).toEqual([]);
    const upper = await keys.createKey(newKey(appId, { id: "ID of a key" }));
    await keys.revokeKey("ID of a key");
    expect(await keys.findKeys(["id of a key"])).toEqual([lower]);
    expect(upper?.secretHash).not.toEqual(lower?.secretHash);
  });
});
