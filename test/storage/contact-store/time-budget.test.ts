import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { limitTransaction } from "../../../src/storage/transaction-limits.ts";
import { expectPrompt } from "../../e2e/support/prompt.ts";
import { connectClient } from "../../support/database.ts";
import { createSuite } from "../../support/store-suite.ts";
import { pair, plan, unhurried, whyRejected, within } from "../support/pairs.ts";
import {
  backendsOf,
  holdInsert,
  holdRow,
  openSession,
  until,
  untilWaiting,
} from "../support/session.ts";

const suite = createSuite();

const [x, y, z] = [pair("a", "x"), pair("b", "y"), pair("c", "z")];

test("a transaction that waits for two locks has one budget for both", async () => {
  const { store, url } = await suite.openAlone();
  const [first, second] = [await openSession(url), await openSession(url)];
  await store.sync(1, plan({ insert: [y] }), unhurried);
  await holdInsert(first, 1, z);
  await holdRow(second, 1, y);
  // A budget for each statement would end at 3,500 ms at the earliest.
  await expectPrompt(async () => {
    const late = whyRejected(store.sync(1, plan({ insert: [x, z], remove: [y] }), within(2_000)));
    await untilWaiting(first);
    await sleep(1_500);
    await first.query("ROLLBACK");
    expect(await late).toBe("DEADLINE_EXCEEDED");
  }, 3_400);
  expect((await backendsOf(first)).filter(({ waits }) => waits)).toEqual([]);
  await second.query("ROLLBACK");
  const later = plan({ insert: [y], remove: [x] });
  const result = await store.sync(1, later, { ...unhurried, wantsOutcomes: true });
  expect(result.outcomes).toEqual(["EXISTED", "MISSING"]);
  expect(await suite.contactsOf(1, url)).toEqual([y]);
});

test("reads and replacements wait for a table lock longer than a joined sync does", async () => {
  const { store, url } = await suite.openAlone();
  const holder = await openSession(url);
  await holder.query("BEGIN");
  await holder.query("LOCK TABLE contact");
  const calls = [
    store.check(1, [x], unhurried),
    store.listContacts(1, "a", { size: 1 }, unhurried),
    store.count(1, "a", unhurried),
    store.replace(1, "d", { contactIds: [], isDryRun: false }, unhurried),
    store.sync(1, plan({ insert: [x] }), unhurried),
  ];
  await untilWaiting(holder, 4);
  await holder.query("SELECT pg_sleep(0.3)");
  await holder.query("ROLLBACK");
  await Promise.all(calls);
});

/** Insertions wait for a lock in a trigger that turns the limits of the database off. */
const withoutLimits = `
  CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      PERFORM set_config(name, '0', true)
        FROM unnest('{statement_timeout,lock_timeout,transaction_timeout}'::text[]) AS name
        WHERE current_setting(name, true) IS NOT NULL;
      PERFORM pg_advisory_xact_lock(1);
      RETURN NEW;
    END
  $$;
  CREATE TRIGGER wait BEFORE INSERT ON contact FOR EACH ROW EXECUTE FUNCTION wait()`;

test.each([
  ["a sync", false],
  ["a replacement", true],
])("%s that outlives the limits of the database is cancelled", async (_, replaces) => {
  const { store, url } = await suite.openAlone({ timeoutMs: 500 });
  const [holder, watcher] = [await openSession(url), await openSession(url)];
  await holder.query(withoutLimits);
  await holder.query("SELECT pg_advisory_lock(1)");
  const call = replaces
    ? store.replace(1, "a", { contactIds: ["x"], isDryRun: false }, unhurried)
    : store.sync(1, plan({ insert: [x] }), { ...unhurried, timeLeftMs: () => 0 });
  expect(await whyRejected(call)).toBe("DEADLINE_EXCEEDED");
  expect((await backendsOf(watcher)).filter(({ waits }) => waits)).toEqual([]);
  await holder.query("SELECT pg_advisory_unlock(1)");
  expect(await suite.contactsOf(1, url)).toEqual([]);
  expect(await store.sync(1, plan({ insert: [x] }), unhurried)).toMatchObject({ inserted: 1 });
});

test("the pairs of a lost transaction stay busy until it has ended", async () => {
  const { url } = await suite.openAlone();
  const { store, proxy } = await suite.openBehindProxy(url);
  const [holder, watcher] = [await openSession(url), await openSession(url)];
  await holdInsert(holder, 1, z);
  const lost = whyRejected(store.sync(1, plan({ insert: [x, z] }), unhurried));
  await untilWaiting(watcher);
  await proxy.cut("hangs up");
  expect(await lost).toBe("DATABASE_UNAVAILABLE");
  await proxy.restore();
  // A sync that waits too long for the lost transaction is rejected, without an effect.
  await until(async () => {
    const sync = store.sync(1, plan({ insert: [x] }), unhurried);
    return (await sync.catch(() => undefined))?.inserted === 1;
  });
  expect((await backendsOf(watcher)).filter(({ waits }) => waits)).toEqual([]);
  await holder.query("ROLLBACK");
  expect(await suite.contactsOf(1, url)).toEqual([x]);
});

test("syncs continue after a network has forgotten their connections", async () => {
  const { url } = await suite.openAlone();
  const { store, proxy } = await suite.openBehindProxy(url, { poolSize: 2, timeoutMs: 500 });
  const holder = await openSession(url);
  await holdInsert(holder, 1, z);
  const calls = [z, pair("c", "other")].map((each) =>
    store.sync(1, plan({ insert: [each] }), unhurried).catch(() => {}),
  );
  await untilWaiting(holder);
  await proxy.cut("forgets its connections");
  await Promise.all(calls);
  await proxy.restore();
  await holder.query("ROLLBACK");
  await until(async () => {
    const result = await store.sync(1, plan({ insert: [z] }), unhurried).catch(() => undefined);
    return result !== undefined;
  });
});

test("the database ends a transaction that waits when its client has disconnected", async () => {
  const { url } = await suite.openAlone();
  const holder = await openSession(url);
  await holdInsert(holder, 1, z);
  const client = await connectClient(url, { application_name: "kith" });
  await client.query("BEGIN");
  const { text, values } = limitTransaction({ budgetMs: 3_600_000 });
  await client.query(text, [...values]);
  const insert = client.query(
    "INSERT INTO contact (app_id, owner_id, contact_id) VALUES (1, 'c', 'z')",
  );
  insert.catch(() => {});
  await untilWaiting(holder);
  client.connection.stream.destroy();
  await until(async () => (await backendsOf(holder)).length === 0);
});
