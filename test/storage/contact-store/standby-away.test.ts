import { expect, inject, onTestFinished, test } from "vitest";
import { createTestDatabase, withAdmin } from "../../support/database.ts";
import { createSuite } from "../../support/store-suite.ts";
import { pair, plan, unhurried, within } from "../support/pairs.ts";
import { backendsOf, openSession, until } from "../support/session.ts";

const suite = createSuite();
const poolSize = 4;

/** Commits wait for a standby that is not there, except in databases without synchronous commits. */
async function awaitStandby(name: string): Promise<void> {
  await withAdmin(inject("postgresUrl"), async (admin) => {
    await admin.query(`ALTER SYSTEM SET synchronous_standby_names TO '${name}'`);
    await admin.query("SELECT pg_reload_conf()");
  });
}

test("transactions that wait for a standby hold no connections beyond the pool", async () => {
  const database = await createTestDatabase();
  onTestFinished(() => database.drop());
  const { store, close } = suite.openOn(`${database.url}&options=-c%20synchronous_commit%3Don`, {
    poolSize,
    timeoutMs: 1_000,
  });
  const watcher = await openSession(database.url);
  await awaitStandby("away");
  onTestFinished(() => awaitStandby(""));

  const counts: number[] = [];
  let hasEnded = false;
  const calls = Array.from({ length: 40 }, async (_, n) => {
    const options = within(50 * n);
    const owner = `owner-${n}`;
    const call =
      n % 4 === 0
        ? store.replace(1, owner, { contactIds: ["a"], isDryRun: false }, options)
        : store.sync(1, plan({ insert: [pair(owner, "a")] }), options);
    await call.catch(() => {});
  });
  const done = Promise.all(calls).then(() => {
    hasEnded = true;
  });
  await until(async () => {
    counts.push((await backendsOf(watcher)).length);
    return hasEnded;
  });
  await done;
  expect(Math.max(...counts)).toBeGreaterThan(1);
  expect(Math.max(...counts)).toBeLessThanOrEqual(poolSize);

  await awaitStandby("");
  await until(async () => {
    const sync = store.sync(1, plan({ insert: [pair("last", "a")] }), unhurried);
    return (await sync.catch(() => undefined)) !== undefined;
  });
  await close();
  await until(async () => (await backendsOf(watcher)).length === 0);
});
