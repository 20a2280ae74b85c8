import { sql } from "kysely";
import { expect, test } from "vitest";
import { migrate } from "../../src/storage/migrate.ts";
import { createTestDatabase, openDatabase } from "../support/database.ts";
import { emptyDatabase } from "./support/empty-database.ts";
import { openSession } from "./support/session.ts";

test("of ten processes that migrate an empty database at once, one does and all succeed", async () => {
  const url = await emptyDatabase();
  const pools = Array.from({ length: 10 }, () => openDatabase(url, 1));
  // Connected beforehand, so that they start at the same time.
  await Promise.all(pools.map((db) => sql`SELECT 1`.execute(db)));
  const ran = await Promise.all(pools.map((db) => migrate(db)));
  const [first, ...others] = ran.filter((names) => names.length > 0);
  expect(first).toContain("0001-initial");
  expect(others).toEqual([]);

  const session = await openSession(url);
  const { rows } = await session.query("SELECT name FROM kysely_migration ORDER BY name");
  expect(rows.map(({ name }) => name)).toEqual(first);
});

test("migrating again does nothing and keeps what is stored", async () => {
  const url = await emptyDatabase();
  const db = openDatabase(url, 1);
  await migrate(db);
  const session = await openSession(url);
  await session.query("INSERT INTO contact (app_id, owner_id, contact_id) VALUES (1, 'a', 'b')");
  expect(await migrate(db)).toEqual([]);
  expect(await migrate(openDatabase(url, 1))).toEqual([]);
  expect((await session.query("SELECT FROM contact")).rowCount).toBe(1);
});

test("migrating leaves no lock behind for others to wait for", async () => {
  const url = await emptyDatabase();
  const session = await openSession(url);
  await migrate(openDatabase(url, 1));
  const { rows } = await session.query(
    `SELECT FROM pg_locks JOIN pg_database ON pg_database.oid = database
     WHERE locktype = 'advisory' AND datname = current_database()`,
  );
  expect(rows).toEqual([]);
});

test("a migration that fails leaves nothing behind, and the next try can succeed", async () => {
  const url = await emptyDatabase();
  const session = await openSession(url);
  await session.query("CREATE TABLE contact_reverse ()");
  const db = openDatabase(url, 1);
  await expect(migrate(db)).rejects.toThrow("contact_reverse");
  const { rows } = await session.query(
    "SELECT FROM pg_tables WHERE tablename IN ('app', 'contact')",
  );
  expect(rows).toEqual([]);
  await session.query("DROP TABLE contact_reverse");
  expect(await migrate(db)).toContain("0001-initial");
});

test("the database that the tests clone is up to date", async () => {
  const database = await createTestDatabase();
  expect(await migrate(openDatabase(database.url, 1))).toEqual([]);
  await database.drop();
});
