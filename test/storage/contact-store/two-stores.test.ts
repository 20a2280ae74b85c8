import type pg from "pg";
import { expect, test } from "vitest";
import type { OpenStore } from "../../support/store-suite.ts";
import { createSuite } from "../../support/store-suite.ts";
import type { Change } from "../support/pairs.ts";
import { pair, plan, sorted, unhurried } from "../support/pairs.ts";
import { holdInsert, holdRow, openSession, untilWaiting } from "../support/session.ts";

const suite = createSuite();

/** In the order in which a sync inserts them. Each is on a page of its own in every index. */
const [x, held, y, z] = [pair("b", "b"), pair("d", "d"), pair("f", "f"), pair("h", "h")];

interface Opened {
  readonly one: OpenStore;
  readonly other: OpenStore;
  readonly holder: pg.Client;
}

/** Two stores on one database, with many rows between the pairs of the test. */
async function open(): Promise<Opened> {
  const one = await suite.openAlone({ lockTimeoutMs: 30_000 });
  const holder = await openSession(one.url);
  await holder.query(
    `INSERT INTO contact (app_id, owner_id, contact_id)
     SELECT 1, owner || n, owner || n
     FROM unnest('{a,c,e,g,i}'::text[]) AS owner, generate_series(10000, 11000) AS n`,
  );
  return { one, other: suite.openOn(one.url), holder };
}

function sync({ store }: OpenStore, change: Change) {
  return store.sync(1, plan(change), { ...unhurried, wantsOutcomes: true });
}

async function contactsOf({ url }: OpenStore) {
  const all = await suite.contactsOf(1, url);
  return sorted(all.filter(({ ownerId }) => ownerId.length === 1));
}

test("a sync is not before a deletion that a check has seen without the sync", async () => {
  const { one, other, holder } = await open();
  await sync(one, { insert: [x] });
  await holdInsert(holder, 1, held);
  const adds = sync(one, { insert: [x, held, z] });
  await untilWaiting(holder);
  expect(await sync(other, { remove: [x] })).toMatchObject({ outcomes: ["DELETED"] });
  const [first, second] = await other.store.check(1, [x, z], unhurried);
  expect([first?.isContact, second?.isContact]).toEqual([false, false]);
  await holder.query("ROLLBACK");
  expect(await adds).toMatchObject({ outcomes: ["INSERTED", "INSERTED", "INSERTED"] });
  expect(await contactsOf(one)).toEqual(sorted([x, held, z]));
});

test("a sync that finds a pair is not after its deletion", async () => {
  const { one, other, holder } = await open();
  await sync(one, { insert: [x] });
  await holdInsert(holder, 1, held);
  const adds = sync(one, { insert: [x, held, z] });
  await untilWaiting(holder);
  // These two leave no trace of z, so the first sync can insert it, but only after them.
  expect(await sync(other, { insert: [z] })).toMatchObject({ inserted: 1 });
  expect(await sync(other, { remove: [x, z] })).toMatchObject({ deleted: 2 });
  await holder.query("ROLLBACK");
  expect(await adds).toMatchObject({ outcomes: ["INSERTED", "INSERTED", "INSERTED"] });
});

test("of two syncs with the same pairs in different orders, one is first for all pairs", async () => {
  const { one, other, holder } = await open();
  await sync(one, { insert: [x, y] });
  await holdRow(holder, 1, y);
  const first = sync(one, { insert: [z], remove: [x, y] });
  await untilWaiting(holder);
  const second = sync(other, { remove: [x, z] });
  await untilWaiting(holder, 2);
  await holder.query("ROLLBACK");
  expect(await first).toMatchObject({ outcomes: ["INSERTED", "DELETED", "DELETED"] });
  expect(await second).toMatchObject({ outcomes: ["MISSING", "DELETED"] });
  expect(await contactsOf(one)).toEqual([]);
});

test("a replacement is not before a change that its fingerprint does not include", async () => {
  const { one, other, holder } = await open();
  await sync(one, { insert: [pair("me", "a"), pair("me", "b")] });
  const { fingerprint } = await one.store.fingerprint(1, "me", unhurried);
  await holdRow(holder, 1, pair("me", "b"));
  const replacement = {
    contactIds: ["a"],
    isDryRun: false,
    expectedFingerprint: fingerprint,
  };
  const replaced = one.store.replace(1, "me", replacement, unhurried).catch(({ reason }) => reason);
  await untilWaiting(holder);
  expect(await sync(other, { insert: [pair("me", "c")] })).toMatchObject({ inserted: 1 });
  const { entries } = await other.store.listContacts(1, "me", { size: 9 }, unhurried);
  expect(entries.map(({ id }) => id)).toEqual(["a", "b", "c"]);
  await holder.query("ROLLBACK");
  expect(await replaced).toBe("FINGERPRINT_MISMATCH");
});

test("a large sync beside small ones of two stores ends", async () => {
  const { one, other } = await open();
  const many = Array.from({ length: 5_000 }, (_, n) => pair(`big${n % 50}`, `c${n}`));
  let isDone = false;
  const small = [one, other].flatMap((store) =>
    Array.from({ length: 4 }, async (_, worker) => {
      for (let n = 0; !isDone; n++) {
        const changed = [pair(`big${n % 50}`, `s${worker}`)];
        await sync(store, n % 2 === 0 ? { insert: changed } : { remove: changed });
      }
    }),
  );
  expect(await sync(one, { insert: many, remove: many })).toMatchObject({
    inserted: 5_000,
    deleted: 5_000,
  });
  await one.store.replace(1, "big0", { contactIds: [], isDryRun: false }, unhurried);
  isDone = true;
  await Promise.all(small);
});
