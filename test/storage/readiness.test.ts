import { afterEach, beforeEach, expect, onTestFinished, test, vi } from "vitest";
import type { DatabaseState } from "../../src/storage/readiness.ts";
import { createReadiness } from "../../src/storage/readiness.ts";
import { createTestDatabase, openPool } from "../support/database.ts";
import { openSession, until } from "./support/session.ts";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["performance"] });
});
afterEach(() => {
  vi.useRealTimers();
});

async function newDatabase() {
  const database = await createTestDatabase();
  onTestFinished(() => database.drop().catch(() => {}));
  return database;
}

/** Asks until the answer is this one: an answer can take too long on a slow machine. */
function untilItIs(expected: DatabaseState, isReady: () => Promise<DatabaseState>): Promise<void> {
  return until(async () => {
    vi.advanceTimersByTime(1_000);
    return (await isReady()) === expected;
  });
}

test("a database that answers is ready, and one that is away is not ready a second later", async () => {
  const { url, drop } = await newDatabase();
  const isReady = createReadiness({ pool: openPool(url, 1) });
  await untilItIs("ready", isReady);
  await drop();
  expect(await isReady()).toBe("ready");
  vi.advanceTimersByTime(1_000);
  expect(await isReady()).toBe("unreachable");
});

test("the database is queried once a second, even if the state is read more often", async () => {
  const { url } = await newDatabase();
  const pool = openPool(url, 1);
  const query = vi.spyOn(pool, "query");
  const isReady = createReadiness({ pool });
  const answers = await Promise.all(Array.from({ length: 100 }, () => isReady()));
  expect(new Set(answers).size).toBe(1);
  expect(query).toHaveBeenCalledTimes(1);
  vi.advanceTimersByTime(1_000);
  await isReady();
  expect(query).toHaveBeenCalledTimes(2);
});

test("a server that accepts no writes is not ready, and the pool closes its connections", async () => {
  const { url } = await newDatabase();
  const session = await openSession(url);
  const { rows } = await session.query("SELECT current_database() AS name");
  const readOnly = `ALTER DATABASE ${rows[0].name} SET default_transaction_read_only TO on`;
  await session.query(readOnly);
  const isReady = createReadiness({ pool: openPool(url, 3) });
  expect(await isReady()).toBe("read-only");
  // As when a proxy leads new connections to the primary.
  await session.query(`ALTER DATABASE ${rows[0].name} RESET default_transaction_read_only`);
  await untilItIs("ready", isReady);
});

test("a pool whose connections are all in use is not ready, after a second", async () => {
  const { url } = await newDatabase();
  const pool = openPool(url, 1);
  const isReady = createReadiness({ pool });
  const client = await pool.connect();
  // Without a limit there would be no answer: the connection does not come back.
  expect(await isReady()).toBe("unreachable");
  client.release();
  await untilItIs("ready", isReady);
});
