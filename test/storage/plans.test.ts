import type pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Pool } from "../../src/storage/database.ts";
import { createDatabaseOn, createPool } from "../../src/storage/database.ts";
import { createReadStatements } from "../../src/storage/read-statements.ts";
import { createReplaceStatements } from "../../src/storage/replace-statements.ts";
import type { Statement } from "../../src/storage/statement.ts";
import { createSyncStatements } from "../../src/storage/sync-statements.ts";
import type { TestDatabase } from "../support/database.ts";
import { createTestDatabase } from "../support/database.ts";
import type { PlanNode } from "./support/plans.ts";
import {
  countPages,
  explain,
  explainPrepared,
  indexScansOf,
  nodesOf,
  prepare,
} from "./support/plans.ts";

interface Opened {
  readonly database: TestDatabase;
  readonly pool: Pool;
  readonly client: pg.PoolClient;
}

let filled: Opened;

/** Opens a connection with the options of the service. */
async function open(): Promise<Opened> {
  const database = await createTestDatabase();
  const pool = createPool({
    connectionString: database.url,
    poolSize: 1,
    timeoutMs: 60_000,
    onConnectionLost: () => {},
  });
  return { database, pool, client: await pool.connect() };
}

async function close({ database, pool, client }: Opened): Promise<void> {
  client.release();
  await pool.end();
  await database.drop();
}

/** Entries in each list of `me`. */
const listLength = 25_000;

/** 100,000 rows: half in the lists of `me`, half of 1,000 owners in three other apps. */
async function fill({ client }: Opened): Promise<void> {
  // In random order, like a table that grew for years: rows that are near in an index are far apart in the table.
  const { rowCount } = await client.query(
    `INSERT INTO contact (app_id, owner_id, contact_id)
     SELECT * FROM (
       SELECT 1, 'me', 'u' || lpad(n::text, 6, '0') FROM generate_series(1, $1::int) AS n
       UNION ALL
       SELECT 1, 'u' || lpad(n::text, 6, '0'), 'me' FROM generate_series(1, $1::int) AS n
       UNION ALL
       SELECT 2 + n % 3, 'u' || n % 1000, 'u' || n FROM generate_series(1, 2 * $1::int) AS n
     ) AS pair(app_id, owner_id, contact_id)
     ORDER BY md5(owner_id || contact_id)`,
    [listLength],
  );
  expect(rowCount).toBe(100_000);
  await client.query("ANALYZE contact");
}

beforeAll(async () => {
  filled = await open();
  await fill(filled);
});
afterAll(() => close(filled));

/** Compiles the statements. It never opens a connection. */
const db = createDatabaseOn(
  createPool({
    connectionString: "postgres:///",
    poolSize: 1,
    timeoutMs: 1,
    onConnectionLost: () => {},
  }),
);
/** The functions that make statements, as `FILE: FUNCTION`, and those that a case has called. */
const exported: string[] = [];
const explained = new Set<string>();

/** Notes which functions the cases call. */
function noteCalls<T extends object>(file: string, statements: T): T {
  const noted = Object.entries(statements).map(([name, make]) => {
    exported.push(`${file}: ${name}`);
    const noting = (...args: unknown[]) => {
      explained.add(`${file}: ${name}`);
      return make(...args);
    };
    return [name, noting];
  });
  return Object.fromEntries(noted);
}

const reads = noteCalls("read-statements.ts", createReadStatements(db));
const replaces = noteCalls("replace-statements.ts", createReplaceStatements(db));
const syncs = noteCalls("sync-statements.ts", createSyncStatements(db));

const ids = (count: number) => Array.from({ length: count }, (_, n) => `u${n}`);
const pairs = (count: number) => ids(count).map((contactId) => ({ ownerId: "me", contactId }));

/** A statement of a sync of contacts of one owner. */
function syncOf(change: "insert" | "delete", count: number) {
  return (appId: number, ownerId: string): Statement => {
    const contactIds = ids(count);
    const [appIds, ownerIds] = [contactIds.map(() => appId), contactIds.map(() => ownerId)];
    return { ...syncs[change]([]), values: [appIds, ownerIds, contactIds] };
  };
}

interface Case {
  readonly name: string;
  readonly statement: (appId: number, userId: string) => Statement;
  /** In the order of the plan. */
  readonly scans: readonly string[];
  /** Whether the plan compares by a hash of the wanted contacts. */
  readonly isHashed?: boolean;
  /** Whether the plan sorts the given pairs, to lock them in order. */
  readonly isSorted?: boolean;
}

const ofList = "Index Scan contact_pkey by app_id owner_id contact_id";
const ofOwners = "Index Scan contact_reverse by app_id owner_id contact_id";
const ofListPair = "Index Only Scan contact_pkey by app_id owner_id contact_id";
const ofPair = "Index Only Scan contact_reverse by app_id owner_id contact_id";

const cases: Case[] = [
  ...["", "u012345"].flatMap((after) => [
    {
      name: `contacts after "${after}"`,
      statement: (appId: number, id: string) => reads.listContacts(appId, id, { after, size: 100 }),
      scans: [ofList],
    },
    {
      name: `owners after "${after}"`,
      statement: (appId: number, id: string) => reads.listOwners(appId, id, { after, size: 100 }),
      scans: [ofOwners],
    },
    {
      name: `mutual contacts after "${after}"`,
      statement: (appId: number, id: string) => reads.listMutual(appId, id, { after, size: 100 }),
      scans: [ofListPair, ofListPair, ofOwners, ofPair],
    },
  ]),
  ...[1, 100, 1_000].map((count) => ({
    name: `a check of ${count}`,
    statement: (appId: number) => reads.check(appId, pairs(count)),
    scans: [ofPair, ofPair],
  })),
  {
    name: "counts",
    statement: reads.count,
    scans: [
      "Index Only Scan contact_pkey by app_id owner_id",
      "Index Only Scan contact_reverse by app_id contact_id",
    ],
  },
  {
    name: "a fingerprint",
    statement: reads.fingerprint,
    scans: ["Index Only Scan contact_pkey by app_id owner_id"],
  },
  ...[0, 1, 10_000].flatMap((count) => [
    {
      name: `a sync that inserts ${count}`,
      statement: syncOf("insert", count),
      scans: [ofListPair],
      isHashed: true,
    },
    {
      name: `a sync that deletes ${count}`,
      statement: syncOf("delete", count),
      scans: [ofList],
      isSorted: true,
    },
  ]),
  ...[0, 10_000].flatMap((count) => [
    {
      name: `the insertion of ${count}`,
      statement: (appId: number, ownerId: string) =>
        replaces.insert({ appId, ownerId, contactIds: ids(count) })[0] as Statement,
      scans: [],
    },
    {
      name: `the deletion of all but ${count}`,
      statement: (appId: number, ownerId: string) =>
        replaces.deleteOthers({ appId, ownerId, contactIds: ids(count) }),
      scans: ["Index Scan contact_pkey by app_id owner_id"],
      isHashed: true,
    },
    {
      name: `the comparison with ${count}`,
      statement: (appId: number, ownerId: string) =>
        replaces.compare({ appId, ownerId, contactIds: ids(count) }),
      scans: ["Index Only Scan contact_pkey by app_id owner_id"],
      isHashed: true,
    },
  ]),
];

test("every statement has a case", () => {
  for (const { statement } of cases) statement(1, "me");
  const missing = exported.filter((name) => !explained.has(name));
  expect(missing, "add a case to `cases` in test/storage/plans.test.ts").toEqual([]);
});

const forbidden = /Seq Scan|Bitmap|Hash|Merge|Materialize/;

interface User {
  readonly name: string;
  readonly appId: number;
  readonly userId: string;
  readonly mode: "force_custom_plan" | "force_generic_plan";
}

const users: User[] = [
  { name: "a user with many contacts", appId: 1, userId: "me", mode: "force_custom_plan" },
  { name: "a user with few contacts", appId: 2, userId: "u7", mode: "force_custom_plan" },
  { name: "any user", appId: 1, userId: "me", mode: "force_generic_plan" },
];

/** The types of the nodes of a plan that has no slow ones. */
function fastNodesOf(plan: PlanNode, name: string): string[] {
  const types = nodesOf(plan).map((node) => node["Node Type"]);
  const slow = types.filter((type) => forbidden.test(type));
  expect(slow, `${name}: the plan does not use an index`).toEqual([]);
  return types;
}

function expectIndexes(plan: PlanNode, expected: Case): void {
  const { name, scans, isHashed = false, isSorted = false } = expected;
  const types = fastNodesOf(plan, name);
  expect(indexScansOf(plan), `${name}: the plan uses other indexes or columns`).toEqual(scans);
  const hashes = JSON.stringify(plan).includes("hashed SubPlan");
  expect(hashes, `${name}: whether the plan compares by a hash`).toBe(isHashed);
  expect(types.includes("Sort"), `${name}: whether the plan sorts`).toBe(isSorted);
}

describe.each(users)("in 100,000 rows, with a plan for $name,", ({ appId, userId, mode }) => {
  test.each(cases)("$name uses indexes", async (expected) => {
    const { client } = filled;
    await client.query(`SET plan_cache_mode = ${mode}`);
    expectIndexes(await explain(client, expected.statement(appId, userId)), expected);
  });
});

test("plans of an empty table use indexes, and continue to when it has filled", async () => {
  const empty = await open();
  try {
    const { client } = empty;
    const statements = cases.map((expected) => ({
      expected,
      statement: { ...expected.statement(1, "me"), name: `"${expected.name.replaceAll('"', "")}"` },
    }));
    for (const { expected, statement } of statements) {
      await prepare(client, statement);
      fastNodesOf(await explainPrepared(client, statement), `${expected.name} in an empty table`);
    }
    await fill(empty);
    for (const { expected, statement } of statements) {
      expectIndexes(await explainPrepared(client, statement), expected);
    }
  } finally {
    await close(empty);
  }
});

test("the connections of the service make plans that do not depend on the values", async () => {
  const opened = await open();
  try {
    const { rows } = await opened.client.query("SHOW plan_cache_mode");
    expect(rows).toEqual([{ plan_cache_mode: "force_generic_plan" }]);
  } finally {
    await close(opened);
  }
});

const lists = {
  contacts: reads.listContacts,
  owners: reads.listOwners,
  "mutual contacts": reads.listMutual,
};

test.each(Object.entries(lists))("page 1,000 of %s costs what page 1 does", async (_, list) => {
  const size = 20;
  const last = String(999 * size).padStart(6, "0");
  const first = await countPages(filled.client, list(1, "me", { size }));
  const late = await countPages(filled.client, list(1, "me", { after: `u${last}`, size }));
  expect(first).toBeGreaterThan(0);
  expect(late).toBeLessThan(first * 1.5);
});
