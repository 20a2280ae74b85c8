import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { createKeyVerifier } from "../../src/access/key-verifier.ts";
import { serverKeyHeader } from "../../src/access/server-key.ts";
import { migrate } from "../../src/storage/migrate.ts";
import { createPostgresContactStore } from "../../src/storage/postgres-contact-store.ts";
import { createPostgresKeyStore } from "../../src/storage/postgres-key-store.ts";
import { openDatabase, openPool } from "../support/database.ts";
import { emptyDatabase } from "./support/empty-database.ts";
import { unhurried } from "./support/pairs.ts";
import { openSession } from "./support/session.ts";

/** The migrations that the first version did not have. */
const later = ["0002-key-life", "0003-rate-limit"];

/** A database of the first version. */
async function firstVersion(): Promise<string> {
  const url = await emptyDatabase();
  const session = await openSession(url);
  const dump = new URL("support/first-version.sql", import.meta.url);
  await session.query(await readFile(dump, "utf8"));
  return url;
}

test("a database of the first version moves over, with its contacts, apps and keys", async () => {
  const url = await firstVersion();
  const db = openDatabase(url, 1);
  expect(await migrate(db)).toEqual({ schema: "public", migrations: later });
  expect(await migrate(db)).toEqual({ schema: "public", migrations: [] });
  const session = await openSession(url);
  const { rows } = await session.query("SELECT name, is_breaking FROM kith_migration");
  const names = ["0001-initial", ...later];
  expect(rows).toEqual(names.map((name) => ({ name, is_breaking: false })));

  const keys = createPostgresKeyStore(db);
  expect((await keys.listApps()).map(({ name }) => name)).toEqual(["  ", "shop"]);
  const verifier = createKeyVerifier({ keys });
  const verify = async (id: string) =>
    verifier.verify(serverKeyHeader({ id, secret: "secret of a test" }));
  expect(await verify("good")).toEqual({
    appId: 1,
    appName: "shop",
    keyId: "good",
    rateLimit: null,
  });
  await expect(verify("expired")).rejects.toMatchObject({ reason: "SERVER_KEY_EXPIRED" });
  await expect(verify("revoked")).rejects.toMatchObject({ reason: "SERVER_KEY_INVALID" });
  expect((await keys.createApp("forum"))?.id).toBe(3);

  const store = createPostgresContactStore({ pool: openPool(url, 2), timeoutMs: 30_000 });
  const page = await store.listContacts(1, "alice", { size: 10 }, unhurried);
  expect(page).toEqual({
    entries: ["bob", "ève 😀"].map((id) => ({ id, createdAtMicros: 1714979289123456 })),
    nextAfter: undefined,
  });
});

test("ten processes that start at once on a database of the first version all succeed", async () => {
  const url = await firstVersion();
  const migrated = await Promise.all(
    Array.from({ length: 10 }, () => migrate(openDatabase(url, 1))),
  );
  expect(migrated.flatMap(({ migrations }) => migrations)).toEqual(later);
});

test("the record of the first version stays, so that it can be started again", async () => {
  const url = await firstVersion();
  await migrate(openDatabase(url, 1));
  const session = await openSession(url);
  const { rows } = await session.query("SELECT name FROM kysely_migration");
  expect(rows).toEqual([{ name: "0001-initial" }]);
});
