import type pg from "pg";
import { expect, test } from "vitest";
import { ownerLock, ownerLockSpace } from "../../../src/storage/owner-lock.ts";
import type { OpenStore } from "../../support/store-suite.ts";
import { createSuite } from "../../support/store-suite.ts";
import { pair, plan, unhurried, whyRejected, within } from "../support/pairs.ts";
import { backendsOf, openSession, until, untilWaiting } from "../support/session.ts";

const suite = createSuite();

const me = "me";

/** Owners by their locks, each with one of its own; none has that of "me". */
const owners = Array.from({ length: 1_000 }, (_, n) => `o${n}`)
  .map((name) => ({ name, lock: ownerLock(1, name) }))
  .filter(({ lock }, n, all) => all.findIndex((other) => other.lock === lock) === n)
  .filter(({ lock }) => lock !== ownerLock(1, me))
  .sort((a, b) => a.lock - b.lock)
  .map(({ name }) => name);

/** Has the lock of an owner in a transaction that stays open. */
async function holdOwner(session: pg.Client, ownerId: string, isShared = false): Promise<void> {
  await session.query("BEGIN");
  await session.query(`SELECT pg_advisory_xact_lock${isShared ? "_shared" : ""}($1, $2)`, [
    ownerLockSpace,
    ownerLock(1, ownerId),
  ]);
}

/** The owners' locks that the service's connection has which waits for another; undefined where none waits. */
async function locksOfWaiting(session: pg.Client): Promise<number[] | undefined> {
  const { rows } = await session.query<{ locks: number[] }>(
    `WITH locks AS MATERIALIZED (
       SELECT pid, objid::integer AS id, granted FROM pg_locks JOIN pg_stat_activity USING (pid)
       WHERE locktype = 'advisory' AND classid = $1 AND application_name = 'kith'
         AND datname = current_database()
     )
     SELECT ARRAY(
       SELECT id FROM locks WHERE pid = waiting.pid AND granted ORDER BY id
     ) AS locks FROM locks AS waiting WHERE NOT granted`,
    [ownerLockSpace],
  );
  return rows[0]?.locks;
}

function add({ store }: OpenStore, ownerId: string, contactId: string, options = unhurried) {
  return store.sync(1, plan({ insert: [pair(ownerId, contactId)] }), options);
}

const added = { inserted: 1, deleted: 0 };

async function openHeld({ isShared = false } = {}) {
  const open = await suite.openAlone({ poolSize: 8 });
  const holder = await openSession(open.url);
  await holdOwner(holder, me, isShared);
  return { open, holder };
}

test("syncs wait while their list is replaced, those of other lists do not", async () => {
  const { open, holder } = await openHeld();
  const waiting = Array.from({ length: 60 }, (_, n) => add(open, me, `c${n}`));
  await untilWaiting(holder);
  const others = owners.slice(0, 60).map((owner) => add(open, owner, "x"));
  expect(await Promise.all(others)).toEqual(others.map(() => added));
  expect(await suite.contactsOf(1, open.url)).toHaveLength(60);
  await holder.query("ROLLBACK");
  expect(await Promise.all(waiting)).toEqual(waiting.map(() => added));
});

test("a sync waits for a list no longer than its caller does", async () => {
  const { open, holder } = await openHeld();
  expect(await whyRejected(add(open, me, "late", within(300)))).toBe("DEADLINE_EXCEEDED");
  expect((await backendsOf(holder)).filter(({ waits }) => waits)).toEqual([]);
  await holder.query("ROLLBACK");
  expect(await add(open, me, "next")).toEqual(added);
  expect(await suite.contactsOf(1, open.url)).toEqual([pair(me, "next")]);
});

test("syncs of one list do not wait for each other", async () => {
  const { open } = await openHeld({ isShared: true });
  expect(await add(open, me, "a")).toEqual(added);
});

test("a replacement waits for syncs under way, and those that come later go on after it", async () => {
  const { open, holder } = await openHeld({ isShared: true });
  const replaced = open.store.replace(1, me, { contactIds: ["a"], isDryRun: false }, unhurried);
  await untilWaiting(holder);
  const later = add(open, me, "b");
  await untilWaiting(holder, 2);
  expect(await add(open, owners[0] as string, "x")).toEqual(added);
  await holder.query("ROLLBACK");
  expect(await replaced).toEqual({ inserted: 1, deleted: 0, unchanged: 0 });
  expect(await later).toEqual(added);
  expect(await suite.contactsOf(1, open.url)).toHaveLength(3);
});

test.each([0, 10, 99])(
  "locks are taken in order, so that nobody can wait in a circle: the one at %i is held",
  async (held) => {
    const open = await suite.openAlone();
    const [holder, watcher] = [await openSession(open.url), await openSession(open.url)];
    const some = owners.slice(0, 100);
    await holdOwner(holder, some[held] as string);
    // Half of the owners have something inserted, the others something deleted, none in order.
    const [insert, remove] = [some.slice(50).reverse(), some.slice(0, 50).reverse()];
    const pairsOf = (names: readonly string[]) => names.map((name) => pair(name, "x"));
    const entries = plan({ insert: pairsOf(insert), remove: pairsOf(remove) });
    const sync = open.store.sync(1, entries, unhurried);
    let locks: number[] | undefined;
    await until(async () => {
      locks = await locksOfWaiting(watcher);
      return locks !== undefined;
    });
    expect(locks).toEqual(some.slice(0, held).map((owner) => ownerLock(1, owner)));
    await holder.query("ROLLBACK");
    expect(await sync).toEqual({ inserted: 50, deleted: 0 });
  },
);
