import { afterAll, beforeAll, expect, test } from "vitest";
import type { Pool } from "../../src/storage/database.ts";
import { createPool } from "../../src/storage/database.ts";
import type { EncodedStatement } from "../../src/storage/encoded-statement.ts";
import type { JoinedRead, RunRead } from "../../src/storage/joined-reads.ts";
import { createJoinedReads } from "../../src/storage/joined-reads.ts";
import type { TestDatabase } from "../support/database.ts";
import { createTestDatabase } from "../support/database.ts";
import { patienceMs } from "../support/patience.ts";

let database: TestDatabase;
let pool: Pool;

beforeAll(async () => {
  database = await createTestDatabase();
  pool = createPool({
    connectionString: database.url,
    poolSize: 4,
    timeoutMs: patienceMs,
    onConnectionLost: () => {},
  });
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});

const unaborted = new AbortController().signal;

/** Each read takes an advisory lock, so that a test can see that it ran. */
const divide = (by: number): EncodedStatement => ({
  name: "divide",
  text: "SELECT 60 / $1::int, pg_try_advisory_lock_shared($1::int)",
  values: [String(by)],
});

function runOne(join: RunRead, by: number, options: Partial<JoinedRead> = {}) {
  return join({ appId: 1, amount: 1, statement: divide(by), signal: unaborted, ...options });
}

/** Runs all statements concurrently. All but the first few are pending, and are joined. */
function runAll(join: RunRead, statements: readonly EncodedStatement[], signal = unaborted) {
  return Promise.allSettled(
    statements.map((statement) => join({ appId: 1, amount: 1, statement, signal })),
  );
}

/** The divisors above 100 of the reads that ran. */
async function divisorsRun(): Promise<number[]> {
  const { rows } = await pool.query(
    `SELECT DISTINCT objid::int AS divisor FROM pg_locks JOIN pg_database ON pg_database.oid = database
     WHERE datname = current_database() AND locktype = 'advisory' AND objid > 100 ORDER BY divisor`,
  );
  return rows.map(({ divisor }) => divisor);
}

test("each read gets its own rows, however many are sent together", async () => {
  const join = createJoinedReads({ pool, maxInFlight: 2, maxReads: 5, maxAmount: 100 });
  const divisors = Array.from({ length: 40 }, (_, n) => n + 1);
  const results = await Promise.all(divisors.map((by) => runOne(join, by)));
  expect(results.map(([row]) => Number(row?.[0]))).toEqual(
    divisors.map((by) => Math.floor(60 / by)),
  );
});

test("no read fails because of another", async () => {
  const join = createJoinedReads({ pool, maxInFlight: 1, maxReads: 10, maxAmount: 100 });
  const results = await runAll(join, [1, 2, 0, 3, 0, 4].map(divide));
  expect(results.map((result) => result.status)).toEqual([
    "fulfilled",
    "fulfilled",
    "rejected",
    "fulfilled",
    "rejected",
    "fulfilled",
  ]);
  expect(results[2]).toMatchObject({ reason: { code: "22012" } });
  const [, , , , , last] = results;
  expect(last?.status === "fulfilled" && last.value[0]?.[0]).toBe("15");
});

test("a read whose caller disconnects while it waits is never run", async () => {
  const join = createJoinedReads({ pool, maxInFlight: 1, maxReads: 10, maxAmount: 100 });
  const leaving = new AbortController();
  const first = runOne(join, 101);
  const left = runAll(join, [divide(102), divide(103)], leaving.signal);
  const stays = runOne(join, 104);
  leaving.abort(new Error("the caller disconnected"));
  await Promise.all([first, stays]);
  expect(await left).toMatchObject([
    { status: "rejected", reason: { message: "the caller disconnected" } },
    { status: "rejected", reason: { message: "the caller disconnected" } },
  ]);
  expect(await divisorsRun()).toEqual([101, 104]);
});

test("if there are more reads than one round trip takes, apps share it", async () => {
  const counts: number[] = [];
  const observer = { onReads: (count: number) => counts.push(count) };
  const limits = { maxInFlight: 1, maxReads: 8, maxAmount: 10 };
  const join = createJoinedReads({ pool, ...limits, observer });
  const ended: string[] = [];
  const read = async (appId: number, amount: number) => {
    await runOne(join, 1, { appId, amount });
    ended.push(`${appId} ${amount}`);
  };
  const heavy = Array.from({ length: 5 }, () => read(1, 8));
  await Promise.all([...heavy, read(2, 1), read(2, 1)]);
  expect(ended.slice(0, 4)).toEqual(["1 8", "2 1", "2 1", "1 8"]);
  expect(counts).toEqual([1, 3, 1, 1, 1]);
});

test("a failure of the pool rejects all pending reads, and later reads succeed", async () => {
  let isDown = true;
  const failing = {
    connect: () => (isDown ? Promise.reject(new Error("no connection")) : pool.connect()),
  } as unknown as Pool;
  const join = createJoinedReads({
    pool: failing,
    maxInFlight: 1,
    maxReads: 2,
    maxAmount: 100,
  });
  const results = await runAll(join, [1, 2, 3, 4, 5].map(divide));
  expect(results.map(({ status }) => status)).toEqual(Array(5).fill("rejected"));
  isDown = false;
  // Now no read is in flight.
  await pool.query("SELECT 1");
  expect((await runOne(join, 6))[0]?.[0]).toBe("10");
});
