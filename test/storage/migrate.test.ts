import { randomBytes } from "node:crypto";
import { sql } from "kysely";
import { expect, onTestFinished, test } from "vitest";
import type { MigrateOptions, Migration } from "../../src/storage/migrate.ts";
import { migrate } from "../../src/storage/migrate.ts";
import { isTransient } from "../../src/storage/sqlstate.ts";
import { createTestDatabase, openDatabase, urlOf, withAdmin } from "../support/database.ts";
import { hostileDefaults } from "../support/hostile-defaults.ts";
import { emptyDatabase } from "./support/empty-database.ts";
import { openSession, until, untilWaiting } from "./support/session.ts";

const first = "0001-initial";
/** All migrations of this version. */
const known = [first, "0002-key-life", "0003-rate-limit"];

async function migrateOn(url: string, options?: MigrateOptions): Promise<readonly string[]> {
  return (await migrate(openDatabase(url, 1), options)).migrations;
}

/** Migrations that the test brings along. */
function migrationTo(name: string, statement: string, isBreaking = false): Migration {
  return { name, isBreaking, up: async (db) => void (await sql.raw(statement).execute(db)) };
}
const second = migrationTo("0003-second", "CREATE TABLE second ()");

async function tablesOf(url: string, schema = "public"): Promise<string[]> {
  const session = await openSession(url);
  const { rows } = await session.query(
    "SELECT tablename AS name FROM pg_tables WHERE schemaname = $1 ORDER BY tablename",
    [schema],
  );
  return rows.map(({ name }) => name);
}
const ours = ["app", "contact", "kith_migration", "server_key"];

test("if ten processes migrate an empty database concurrently, one migrates and all succeed", async () => {
  const url = await emptyDatabase();
  const pools = Array.from({ length: 10 }, () => openDatabase(url, 1));
  // Connected beforehand, so that they start at the same time.
  await Promise.all(pools.map((db) => sql`SELECT 1`.execute(db)));
  const ran = await Promise.all(pools.map(async (db) => (await migrate(db)).migrations));
  const [names, ...others] = ran.filter((migrations) => migrations.length > 0);
  expect(names).toContain(first);
  expect(others).toEqual([]);

  const session = await openSession(url);
  const { rows } = await session.query("SELECT name FROM kith_migration ORDER BY name");
  expect(rows.map(({ name }) => name)).toEqual(names);
});

test("a second migration changes nothing", async () => {
  const url = await emptyDatabase();
  await migrateOn(url);
  const session = await openSession(url);
  await session.query("INSERT INTO contact (app_id, owner_id, contact_id) VALUES (1, 'a', 'b')");
  expect(await migrateOn(url)).toEqual([]);
  expect((await session.query("SELECT FROM contact")).rowCount).toBe(1);
});

test("if nothing is pending, no lock is taken", async () => {
  const url = await emptyDatabase();
  await migrateOn(url);
  const session = await openSession(url);
  const { rows } = await session.query(
    `SELECT FROM pg_locks JOIN pg_database ON pg_database.oid = database
     WHERE locktype = 'advisory' AND datname = current_database()`,
  );
  expect(rows).toEqual([]);
  // Another process that migrates for ever keeps no start from succeeding.
  await session.query("SELECT pg_advisory_lock(x'6b697468'::int)");
  expect(await migrateOn(url)).toEqual([]);
});

test("a process that waits for another one logs it, and then does not migrate", async () => {
  const url = await emptyDatabase();
  const other = await openSession(url);
  await other.query("BEGIN; SELECT pg_advisory_xact_lock(x'6b697468'::int)");
  let waits = 0;
  const onWait = () => {
    waits += 1;
  };
  const waiting = migrateOn(url, { onWait });
  await untilWaiting(await openSession(url));
  expect(waits).toBe(1);
  await other.query("COMMIT");
  expect(await waiting).toEqual(known);
  expect(await migrateOn(url, { onWait })).toEqual([]);
  expect(waits).toBe(1);
});

test("a connection that is lost while it waits leaves no lock and no session", async () => {
  const url = await emptyDatabase();
  const other = await openSession(url);
  await other.query("SELECT pg_advisory_lock(x'6b697468'::int)");
  const waiting = migrateOn(url).catch((error) => error);
  const session = await openSession(url);
  await untilWaiting(session);
  await session.query(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'kith' AND datname = current_database()",
  );
  expect(await waiting).toBeInstanceOf(Error);
  expect(await tablesOf(url)).toEqual([]);
  await other.query("SELECT pg_advisory_unlock_all()");
  await until(async () => (await migrateOn(url)).length === known.length);
});

test("the migrations of one call are one transaction", async () => {
  const url = await emptyDatabase();
  const failing = migrationTo("0004-failing", "SELECT 1 / 0");
  const db = openDatabase(url, 1);
  const initial = migrationTo(first, "CREATE TABLE initial ()");
  const migrations = [initial, second, failing];
  await expect(migrate(db, { migrations })).rejects.toMatchObject({ code: "22012" });
  expect(await tablesOf(url)).toEqual([]);
  expect((await migrate(db, { migrations: [initial, second] })).migrations).toEqual([
    first,
    second.name,
  ]);
  expect(await tablesOf(url)).toEqual(["initial", "kith_migration", "second"]);
});

const foreign: [name: string, statement: string][] = [
  ["table contact", "CREATE TABLE contact (name text)"],
  ["table app", "CREATE TABLE app (id integer)"],
  ["view server_key", "CREATE VIEW server_key AS SELECT 1"],
  [
    "index contact_reverse",
    "CREATE TABLE other (a int); CREATE INDEX contact_reverse ON other (a)",
  ],
  ["type contact", "CREATE TYPE contact AS ENUM ('a')"],
  ["table kith_migration", "CREATE TABLE kith_migration (id integer, name text)"],
  [
    "view kith_migration",
    "CREATE VIEW kith_migration AS SELECT 'a'::text AS name, true AS is_breaking",
  ],
  ["type kith_migration", "CREATE TYPE kith_migration AS ENUM ('a')"],
];

test.each(foreign)(
  "a %s of another application is a clear error, and nothing is created",
  async (_, statement) => {
    const url = await emptyDatabase();
    const session = await openSession(url);
    await session.query(statement);
    const before = await tablesOf(url);
    await expect(migrateOn(url)).rejects.toThrow(
      /^the schema public has something that Kith did not make \(.*\); set DATABASE_SCHEMA to a schema for Kith alone$/,
    );
    expect(await tablesOf(url)).toEqual(before);
    expect(await migrateOn(url, { schema: "kith" })).toEqual(known);
    expect(await tablesOf(url, "kith")).toEqual(ours);
    expect(await tablesOf(url)).toEqual(before);
  },
);

test("an application that uses Kysely's migrations too is not disturbed", async () => {
  const url = await emptyDatabase();
  const session = await openSession(url);
  await session.query(`
    CREATE TABLE kysely_migration (name varchar(255) PRIMARY KEY, timestamp varchar(255) NOT NULL);
    CREATE TABLE kysely_migration_lock (id varchar(255) PRIMARY KEY, is_locked integer NOT NULL);
    INSERT INTO kysely_migration VALUES ('0001-initial', 'x'), ('2024-other', 'y')`);
  expect(await migrateOn(url)).toEqual(known);
  expect(await tablesOf(url)).toEqual(
    [...ours, "kysely_migration", "kysely_migration_lock"].sort(),
  );
  expect((await session.query("SELECT FROM kysely_migration")).rowCount).toBe(2);
});

test("the tables of an application with a migration of the same name are not taken for Kith's", async () => {
  const url = await emptyDatabase();
  const session = await openSession(url);
  await session.query(`
    CREATE TABLE kysely_migration (name varchar(255) PRIMARY KEY, timestamp varchar(255) NOT NULL);
    INSERT INTO kysely_migration VALUES ('0001-initial', 'x');
    CREATE TABLE app (id integer, name text, created_at timestamptz);
    CREATE TABLE contact (name text); CREATE TABLE server_key (id text)`);
  await expect(migrateOn(url)).rejects.toThrow("set DATABASE_SCHEMA");
});

test("the schema is the first of the search path", async () => {
  const url = await emptyDatabase({ defaults: { search_path: "missing, own, public" } });
  const session = await openSession(url);
  await session.query("CREATE SCHEMA own");
  const db = openDatabase(url, 1);
  expect(await migrate(db)).toEqual({ schema: "own", migrations: known });
  expect(await tablesOf(url, "own")).toEqual(ours);
  expect(await tablesOf(url)).toEqual([]);
});

test.each(["kith", "Kith-2"])("the schema %s is created if it is missing", async (schema) => {
  const url = await emptyDatabase();
  const db = openDatabase(url, 1);
  expect(await migrate(db, { schema })).toEqual({ schema, migrations: known });
  expect(await migrate(db, { schema })).toEqual({ schema, migrations: [] });
  expect(await tablesOf(url, schema)).toEqual(ours);
});

test("a search path without any schema is a clear error", async () => {
  const url = await emptyDatabase({ defaults: { search_path: "missing" } });
  await expect(migrateOn(url)).rejects.toThrow("set DATABASE_SCHEMA");
});

test("a newer schema is used, with a warning", async () => {
  const url = await emptyDatabase();
  const initial = migrationTo(
    first,
    "CREATE TABLE contact (); CREATE TABLE app (); CREATE TABLE server_key ()",
  );
  await migrateOn(url, { migrations: [initial, second] });
  const newer: (readonly string[])[] = [];
  const ran = await migrateOn(url, { onNewer: (names) => newer.push(names) });
  expect(ran).toEqual(known.slice(1));
  expect(newer).toEqual([[second.name]]);
});

test("a newer schema that is not compatible is an error that names the migration", async () => {
  const url = await emptyDatabase();
  const breaking = migrationTo("0004-breaking", "CREATE TABLE third ()", true);
  await migrateOn(url);
  const session = await openSession(url);
  await session.query("INSERT INTO kith_migration (name, is_breaking) VALUES ($1, true)", [
    breaking.name,
  ]);
  await expect(migrateOn(url)).rejects.toThrow("cannot work with migration 0004-breaking");
});

test.each(["LATIN1", "SQL_ASCII"])("a database in %s is rejected", async (encoding) => {
  const server = await emptyDatabase();
  const session = await openSession(server);
  const name = `encoded_${randomBytes(6).toString("hex")}`;
  await session.query(`CREATE DATABASE ${name} TEMPLATE template0 ENCODING ${encoding} LOCALE 'C'`);
  onTestFinished(() =>
    withAdmin(server, async (admin) => {
      await admin.query(`DROP DATABASE ${name} WITH (FORCE)`);
    }),
  );
  const refused = migrateOn(urlOf(server, name));
  await expect(refused).rejects.toThrow(`database encoding must be UTF8, not ${encoding}`);
});

test("an empty database with hostile defaults is migrated", async () => {
  const url = await emptyDatabase({ defaults: hostileDefaults });
  expect(await migrateOn(url)).toEqual(known);
  expect(await migrateOn(url)).toEqual([]);
});

test("a role without the rights of the service is rejected, and the error names them", async () => {
  const url = await emptyDatabase();
  await migrateOn(url);
  const session = await openSession(url);
  await session.query("CREATE ROLE kith_reader LOGIN");
  onTestFinished(async () => {
    await session.query("DROP OWNED BY kith_reader; DROP ROLE kith_reader");
  });
  await session.query("GRANT SELECT ON ALL TABLES IN SCHEMA public TO kith_reader");
  const reader = new URL(url);
  reader.searchParams.set("user", "kith_reader");
  await expect(migrateOn(reader.href)).rejects.toThrow(
    "lacks rights in the schema public: INSERT on contact, UPDATE on contact, DELETE on contact",
  );
  await session.query("GRANT INSERT, UPDATE, DELETE ON contact TO kith_reader");
  await session.query("GRANT UPDATE ON app TO kith_reader");
  expect(await migrateOn(reader.href)).toEqual([]);
});

test.each([
  ["0002-key-life", "server_key", "DROP COLUMN name, DROP COLUMN last_used_at"],
  ["0003-rate-limit", "app", "DROP COLUMN contacts_per_second, DROP COLUMN burst"],
])("%s does not wait long for a table in use, and a retry succeeds", async (name, table, undo) => {
  const url = await emptyDatabase();
  await migrateOn(url);
  const session = await openSession(url);
  await session.query(
    `ALTER TABLE ${table} ${undo}; DELETE FROM kith_migration WHERE name = '${name}'`,
  );
  await session.query(`BEGIN; SELECT FROM ${table}`);
  const failure = await migrateOn(url).catch((error) => error);
  expect(failure).toMatchObject({ code: "55P03" });
  expect(isTransient(failure)).toBe(true);
  await session.query("COMMIT");
  expect(await migrateOn(url)).toEqual([name]);
});

test("the database that the tests clone is up to date", async () => {
  const database = await createTestDatabase();
  expect(await migrateOn(database.url)).toEqual([]);
  await database.drop();
});
