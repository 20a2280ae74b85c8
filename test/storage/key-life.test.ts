import { beforeEach, expect, test } from "vitest";
import type { KeyRecord, KeyStore, NewKey } from "../../src/access/key-store.ts";
import { generateServerKey, hashSecret } from "../../src/access/server-key.ts";
import { createPostgresKeyStore } from "../../src/storage/postgres-key-store.ts";
import { openDatabase } from "../support/database.ts";
import { describeDatabases } from "./support/describe-databases.ts";
import { openSession } from "./support/session.ts";

const dayMs = 86_400_000;

describeDatabases({}, (url) => {
  let keys: KeyStore;
  beforeEach(() => {
    keys = createPostgresKeyStore(openDatabase(url(), 2));
  });

  let names = 0;
  async function createKey(change: Partial<NewKey> = {}): Promise<KeyRecord> {
    names += 1;
    const app = await keys.createApp(`app ${names}`);
    const record = await keys.createKey({ ...newKey(), appId: app?.id ?? 0, ...change });
    if (record === undefined) throw new Error("the key exists already");
    return record;
  }

  function newKey(expiresAt: Date | null = null) {
    const { id, secret } = generateServerKey();
    return { id, secretHash: hashSecret(secret), expiresAt };
  }

  async function find(id: string): Promise<KeyRecord | undefined> {
    return (await keys.findKeys([id]))[0];
  }

  test("a key has the name that it was created with", async () => {
    const record = await createKey({ name: "web 1" });
    expect(record.name).toBe("web 1");
    expect(await find(record.id)).toEqual(record);
  });

  test("without an app, the keys of all apps are listed in the order of their apps", async () => {
    const second = await createKey();
    const first = await createKey();
    const session = await openSession(url());
    await session.query("UPDATE app SET name = '  first' WHERE id = $1", [first.appId]);
    const listed = (await keys.listKeys()).map(({ id }) => id);
    expect(listed[0]).toBe(first.id);
    expect(listed).toContain(second.id);
  });

  test("a rotation creates a key of the same app and name, and the old one expires", async () => {
    const old = await createKey({ name: "web 1" });
    const replacement = newKey(new Date("2100-01-02T03:04:05.678Z"));
    const rotated = await keys.rotateKey({ id: old.id, overlapMs: dayMs, newKey: replacement });
    const { appId, appName } = old;
    expect(rotated?.newKey).toMatchObject({ ...replacement, appId, appName, name: "web 1" });
    const createdAt = rotated?.newKey.createdAt.getTime() ?? 0;
    expect(rotated?.oldKey).toEqual({ ...old, expiresAt: new Date(createdAt + dayMs) });
    expect(await keys.listKeys(appId)).toEqual([rotated?.oldKey, rotated?.newKey]);
  });

  test("a rotation changes no other key", async () => {
    const old = await createKey();
    const other = await createKey({ expiresAt: new Date(Date.now() + 9 * dayMs) });
    await keys.rotateKey({ id: old.id, overlapMs: dayMs, newKey: newKey() });
    expect(await find(other.id)).toEqual(other);
  });

  test("a rotation never extends the life of the old key", async () => {
    const expiresAt = new Date(Date.now() + dayMs);
    const old = await createKey({ expiresAt });
    const rotated = await keys.rotateKey({ id: old.id, overlapMs: 2 * dayMs, newKey: newKey() });
    expect(rotated?.oldKey.expiresAt).toEqual(expiresAt);
  });

  test.each(["revoked_at", "expires_at"])(
    "a key with a past %s cannot be rotated",
    async (column) => {
      const old = await createKey();
      const session = await openSession(url());
      await session.query(`UPDATE server_key SET ${column} = now() WHERE id = $1`, [old.id]);
      const before = await keys.listKeys(old.appId);
      const rotation = { id: old.id, overlapMs: dayMs, newKey: newKey() };
      expect(await keys.rotateKey(rotation)).toBeUndefined();
      expect(await keys.listKeys(old.appId)).toEqual(before);
    },
  );

  test("a key that does not exist cannot be rotated", async () => {
    expect(await keys.rotateKey({ id: "nobody", overlapMs: 1, newKey: newKey() })).toBeUndefined();
  });

  test("if the id of the new key exists, the old key does not change", async () => {
    const old = await createKey();
    const other = await createKey();
    const rotation = { id: old.id, overlapMs: dayMs, newKey: { ...newKey(), id: other.id } };
    await expect(keys.rotateKey(rotation)).rejects.toThrow("exists already");
    expect(await find(old.id)).toEqual(old);
  });

  test("uses are recorded, never moved back, and only for the given keys", async () => {
    const [one, other] = [await createKey(), await createKey()];
    const [early, late] = [new Date("2026-01-02T03:04:05.678Z"), new Date("2026-01-02T03:05:00Z")];
    await keys.recordUses(new Map([[one.id, early]]));
    expect(await find(one.id)).toEqual({ ...one, lastUsedAt: early });
    await keys.recordUses(
      new Map([
        [one.id, late],
        ["nobody", late],
      ]),
    );
    await keys.recordUses(new Map([[one.id, early]]));
    expect((await find(one.id))?.lastUsedAt).toEqual(late);
    expect(await find(other.id)).toEqual(other);
    await keys.recordUses(new Map());
  });

  test("a key that is locked does not delay the record of the others", async () => {
    const [locked, free] = [await createKey(), await createKey()];
    const session = await openSession(url());
    await session.query("BEGIN");
    await session.query("SELECT FROM server_key WHERE id = $1 FOR UPDATE", [locked.id]);
    const at = new Date("2026-01-02T03:04:05.678Z");
    await keys.recordUses(new Map([locked, free].map(({ id }) => [id, at])));
    expect((await find(free.id))?.lastUsedAt).toEqual(at);
    expect((await find(locked.id))?.lastUsedAt).toBeNull();
    await session.query("COMMIT");
  });
});
