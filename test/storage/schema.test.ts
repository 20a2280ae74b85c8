import type pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { TestDatabase } from "../support/database.ts";
import { connectClient, createTestDatabase } from "../support/database.ts";

let database: TestDatabase;
let session: pg.Client;
beforeAll(async () => {
  database = await createTestDatabase();
  session = await connectClient(database.url);
});
afterAll(async () => {
  await session.end();
  await database.drop();
});

async function query<T>(text: string, ...values: unknown[]): Promise<T[]> {
  const { rows } = await session.query(text, values);
  return rows;
}

const columns: [table: string, column: string, type: string, optional?: "optional"][] = [
  ["app", "id", "integer"],
  ["app", "name", 'text COLLATE "C"'],
  ["app", "created_at", "timestamp with time zone"],
  ["app", "contacts_per_second", "integer", "optional"],
  ["app", "burst", "integer", "optional"],
  ["server_key", "id", 'text COLLATE "C"'],
  ["server_key", "app_id", "integer"],
  ["server_key", "secret_sha256", "bytea"],
  ["server_key", "created_at", "timestamp with time zone"],
  ["server_key", "expires_at", "timestamp with time zone", "optional"],
  ["server_key", "revoked_at", "timestamp with time zone", "optional"],
  ["server_key", "name", 'text COLLATE "C"', "optional"],
  ["server_key", "last_used_at", "timestamp with time zone", "optional"],
  ["contact", "app_id", "integer"],
  ["contact", "owner_id", 'text COLLATE "C"'],
  ["contact", "contact_id", 'text COLLATE "C"'],
  ["contact", "created_at", "timestamp with time zone"],
];

interface Column {
  readonly type: string;
  readonly collation: string | null;
  readonly required: boolean;
}

test.each(columns)("%s.%s is %s", async (table, column, type, optional) => {
  const found = await query<Column>(
    `SELECT format_type(atttypid, atttypmod) AS type, collname AS collation, attnotnull AS required
     FROM pg_attribute LEFT JOIN pg_collation ON pg_collation.oid = attcollation
     WHERE attrelid = $1::regclass AND attname = $2`,
    table,
    column,
  );
  const described = found.map(({ type: name, collation, required }) => ({
    type: collation === null ? name : `${name} COLLATE "${collation}"`,
    required,
  }));
  expect(described).toEqual([{ type, required: optional === undefined }]);
});

test("the tables have these columns and no others", async () => {
  const found = await query<{ name: string }>(
    `SELECT table_name || '.' || column_name AS name FROM information_schema.columns
     WHERE table_schema = 'public' AND table_name IN ('app', 'server_key', 'contact')`,
  );
  const expected = columns.map(([table, column]) => `${table}.${column}`);
  expect(found.map(({ name }) => name).sort()).toEqual(expected.sort());
});

const indexes: [table: string, kind: "PRIMARY KEY" | "UNIQUE" | "INDEX", columns: string][] = [
  ["contact", "PRIMARY KEY", "app_id, owner_id, contact_id"],
  ["contact", "INDEX", "app_id, contact_id, owner_id"],
  ["app", "PRIMARY KEY", "id"],
  ["app", "UNIQUE", "name"],
  ["server_key", "PRIMARY KEY", "id"],
  ["server_key", "INDEX", "app_id"],
];

test.each(["contact", "app", "server_key"])(
  "the indexes of %s, column by column",
  async (table) => {
    const found = await query<{ kind: string; columns: string }>(
      `SELECT
       CASE WHEN indisprimary THEN 'PRIMARY KEY' WHEN indisunique THEN 'UNIQUE' ELSE 'INDEX' END AS kind,
       (SELECT string_agg(pg_get_indexdef(indexrelid, place::int, true), ', ' ORDER BY place)
        FROM generate_series(1, indnatts) AS place) AS columns
     FROM pg_index WHERE indrelid = $1::regclass AND indpred IS NULL`,
      table,
    );
    const expected = indexes.filter(([name]) => name === table);
    const inOrder = (list: string[]) => list.sort();
    expect(inOrder(found.map((index) => `${index.kind} ${index.columns}`))).toEqual(
      inOrder(expected.map(([, kind, names]) => `${kind} ${names}`)),
    );
  },
);

test("a sync needs no trigger: contact has none, not even one of a foreign key", async () => {
  expect(await query("SELECT tgname FROM pg_trigger WHERE tgrelid = 'contact'::regclass")).toEqual(
    [],
  );
});

test("a sync needs no sequence: contact owns none, and no default of its asks one", async () => {
  expect(
    await query(
      `SELECT objid::regclass FROM pg_depend JOIN pg_class ON pg_class.oid = objid
       WHERE relkind = 'S' AND refobjid = 'contact'::regclass`,
    ),
  ).toEqual([]);
  const defaults = await query<{ text: string }>(
    "SELECT pg_get_expr(adbin, adrelid) AS text FROM pg_attrdef WHERE adrelid = 'contact'::regclass",
  );
  expect(defaults).toEqual([{ text: "now()" }]);
});

test.each([
  ["contacts_per_second = 1"],
  ["burst = 1"],
  ["contacts_per_second = 0, burst = 1"],
  ["contacts_per_second = 1, burst = 0"],
])("a rate limit with %s is rejected by the database", async (change) => {
  await query("INSERT INTO app (name) VALUES ('limited') ON CONFLICT DO NOTHING");
  await expect(query(`UPDATE app SET ${change}`)).rejects.toMatchObject({ code: "23514" });
});

test("the database rejects a hash whose length is not that of SHA-256", async () => {
  const wrong = query(
    "INSERT INTO server_key (id, app_id, secret_sha256) VALUES ('k', 1, '\\x00'::bytea)",
  );
  await expect(wrong).rejects.toMatchObject({ code: "23514" });
});
