import { randomUUID } from "node:crypto";
import { sql } from "kysely";
import { expect, inject, test } from "vitest";
import type { ContactStore } from "../../../src/contact/contact-store.ts";
import type { OpenStore } from "../../support/store-suite.ts";
import { createSuite } from "../../support/store-suite.ts";
import { pair, plan, unhurried, whyRejected, within } from "../support/pairs.ts";
import { holdInsert, holdRow, openSession, untilWaiting } from "../support/session.ts";

const suite = createSuite();

/** A call of one kind. Each kind has its own statements. */
type Call = (store: ContactStore) => Promise<unknown>;

const sync: Call = (store) => store.sync(1, plan({ insert: [pair("a", "b")] }), unhurried);
const replace: Call = (store) =>
  store.replace(1, "a", { contactIds: ["c"], isDryRun: false }, unhurried);

const calls: Record<string, Call> = {
  sync,
  replace,
  "replace, expecting": async (store) => {
    const { fingerprint } = await store.fingerprint(1, "a", unhurried);
    const wanted = { contactIds: ["c"], isDryRun: false, expectedFingerprint: fingerprint };
    return store.replace(1, "a", wanted, unhurried);
  },
  "replace, dry": (store) =>
    store.replace(1, "a", { contactIds: ["c"], isDryRun: true }, unhurried),
  list: (store) => store.listContacts(1, "a", { size: 10 }, unhurried),
  "list owners": (store) => store.listOwners(1, "a", { size: 10 }, unhurried),
  "list mutual": (store) => store.listMutual(1, "a", { size: 10 }, unhurried),
  check: (store) => store.check(1, [pair("a", "b")], unhurried),
  count: (store) => store.count(1, "a", unhurried),
  fingerprint: (store) => store.fingerprint(1, "a", unhurried),
  erase: (store) => store.erase(1, "a", unhurried),
};

/** Runs a sync that waits for a lock longer than a joined transaction does. */
async function syncPatiently({ store, url }: OpenStore, isGivenUp = false): Promise<void> {
  const holder = await openSession(url);
  const held = pair("h", randomUUID());
  await holdInsert(holder, 1, held);
  const options = isGivenUp ? within(150) : unhurried;
  const waiting = store.sync(1, plan({ insert: [held] }), options);
  if (isGivenUp) {
    expect(await whyRejected(waiting)).toBe("DEADLINE_EXCEEDED");
    await holder.query("ROLLBACK");
    return;
  }
  await untilWaiting(holder);
  // Three times as long as a joined transaction waits for a lock.
  await holder.query("SELECT pg_sleep(0.3)");
  await holder.query("ROLLBACK");
  expect(await waiting).toEqual({ inserted: 1, deleted: 0 });
}

const oneConnection = () => suite.openAlone({ poolSize: 1 });

test.each([
  ["waited for a lock", false],
  ["waited for a lock in vain", true],
])("a connection on which a sync %s serves replacements", async (_, isGivenUp) => {
  const open = await oneConnection();
  await syncPatiently(open, isGivenUp);
  expect(await replace(open.store)).toEqual({ inserted: 1, deleted: 0, unchanged: 0 });
  await syncPatiently(open, isGivenUp);
  expect(await replace(open.store)).toEqual({ inserted: 0, deleted: 0, unchanged: 1 });
});

test("a connection that was used for replacements serves syncs that wait for locks", async () => {
  const open = await oneConnection();
  await replace(open.store);
  await syncPatiently(open);
  expect(await replace(open.store)).toEqual({ inserted: 0, deleted: 0, unchanged: 1 });
});

test("the limits of a sync that waits hold until its last statement", async () => {
  const { store, url } = await oneConnection();
  const gone = pair("h", "gone");
  await store.sync(1, plan({ insert: [gone] }), unhurried);
  const holder = await openSession(url);
  await holdRow(holder, 1, gone);
  const waiting = store.sync(1, plan({ insert: [pair("h", "new")], remove: [gone] }), unhurried);
  await untilWaiting(holder);
  // Three times as long as a joined transaction waits for a lock.
  await holder.query("SELECT pg_sleep(0.3)");
  await holder.query("ROLLBACK");
  expect(await waiting).toEqual({ inserted: 1, deleted: 1 });
});

test("limits of a sync that waits, or of a replacement, are removed after it", async () => {
  const open = await oneConnection();
  const read = () =>
    sql`SELECT current_setting('statement_timeout') AS statement,
        current_setting('lock_timeout') AS lock`.execute(open.db);
  const { rows: before } = await read();
  await syncPatiently(open);
  expect((await read()).rows).toEqual(before);
  await open.store.replace(1, "a", { contactIds: ["b"], isDryRun: false }, within(20_000));
  expect((await read()).rows).toEqual(before);
});

const pairsOfCalls = Object.keys(calls).map((name) => [name, calls[name] as Call] as const);

// The server session of such a pooler stays broken, also for another connection.
test.skipIf(inject("pooler")?.missesDiscard).each(pairsOfCalls)(
  "%s continues if the connection has lost its statements",
  async (_, call) => {
    const open = await oneConnection();
    await call(open.store);
    await open.pool.query("DISCARD ALL");
    await call(open.store);
  },
);

// A pooler keeps the session of the server, whatever Kith does with its own connection.
test
  .skipIf(inject("pooler") !== undefined)
  .each(pairsOfCalls.filter(([name]) => /^(sync|replace)$/.test(name)))(
  "a connection to a server that is no longer the primary is closed: %s",
  async (_, call) => {
    const open = await oneConnection();
    await open.pool.query("SET default_transaction_read_only = on");
    expect(await whyRejected(call(open.store))).toBe("DATABASE_UNAVAILABLE");
    expect(await call(open.store)).toMatchObject({ inserted: 1, deleted: 0 });
  },
);

test("calls continue when their plans no longer fit the table", async () => {
  const { store, url } = await oneConnection();
  await replace(store);
  const read = () => store.listContacts(1, "a", { size: 10 }, unhurried);
  await read();
  const session = await openSession(url);
  await session.query('ALTER TABLE contact ALTER contact_id TYPE varchar(50) COLLATE "C"');
  expect((await read()).entries).toMatchObject([{ id: "c" }]);
  expect(await sync(store)).toEqual({ inserted: 1, deleted: 0 });
  expect(await replace(store)).toEqual({ inserted: 0, deleted: 1, unchanged: 1 });
});

test("transactions are serializable with any defaults of the database and the session", async () => {
  const one = await suite.openAlone();
  const session = await openSession(one.url);
  const { rows } = await session.query<{ name: string }>("SELECT current_database() AS name");
  await session.query(
    `ALTER DATABASE ${rows[0]?.name} SET default_transaction_isolation = 'read uncommitted'`,
  );
  await session.query(`
    CREATE TABLE seen (level text);
    CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        INSERT INTO seen VALUES (current_setting('transaction_isolation'));
        RETURN NULL;
      END
    $$;
    CREATE TRIGGER see AFTER INSERT ON contact FOR EACH STATEMENT EXECUTE FUNCTION see()`);
  const other = suite.openOn(one.url, { poolSize: 1 });
  await other.pool.query("SET default_transaction_isolation = 'read committed'");
  await sync(other.store);
  await replace(other.store);
  const seen = await session.query("SELECT level FROM seen");
  expect(seen.rows).toEqual([{ level: "serializable" }, { level: "serializable" }]);
});
