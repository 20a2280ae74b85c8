import { expect, inject, test } from "vitest";
import type { StoreOptions } from "../../../src/contact/contact-store.ts";
import type { ReplaceCounts } from "../../../src/contact/replacement.ts";
import { fingerprintOf } from "../../support/fingerprint.ts";
import type { OpenStore } from "../../support/store-suite.ts";
import { createSuite } from "../../support/store-suite.ts";
import { addPairs } from "../support/lists.ts";
import { pair, unhurried, whyRejected, within } from "../support/pairs.ts";
import { addPoison } from "../support/poison.ts";
import {
  backendsOf,
  holdInsert,
  holdRow,
  openSession,
  untilIdle,
  untilWaiting,
} from "../support/session.ts";

const suite = createSuite();
/** These look at triggers, locks and conflicts of one server. */
const onOneServer = test.skipIf(inject("citus") !== undefined);

const ids = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, n) => `contact-${from + n}`);

/** Locks the list of "me" for the session, which is ["held"], until it rolls back. */
async function holdList({ store, url }: OpenStore) {
  await addPairs(store, 1, [pair("me", "held")]);
  const session = await openSession(url);
  await holdRow(session, 1, pair("me", "held"));
  return session;
}

function replace(
  { store }: OpenStore,
  contactIds: readonly string[],
  options: StoreOptions = unhurried,
): Promise<ReplaceCounts> {
  return store.replace(1, "me", { contactIds, isDryRun: false }, options);
}

const contactsAt = async (url: string) =>
  (await suite.contactsOf(1, url)).map(({ contactId }) => contactId);

test("after concurrent replacements by two processes the list is exactly one of them", async () => {
  const one = await suite.openAlone();
  const other = suite.openOn(one.url);
  const before = ids(0, 30);
  const [wanted, otherWanted] = [ids(10, 50), ids(40, 60)];
  for (let round = 0; round < 40; round++) {
    await replace(one, before);
    const [counts, otherCounts] = await Promise.all([
      replace(one, wanted),
      replace(other, otherWanted),
    ]);
    const { fingerprint } = await one.store.fingerprint(1, "me", unhurried);
    const endedAsOther = fingerprint === fingerprintOf(otherWanted);
    if (!endedAsOther) expect(fingerprint).toBe(fingerprintOf(wanted));
    expect([counts, otherCounts]).toEqual(
      endedAsOther
        ? [
            { inserted: 20, deleted: 10, unchanged: 20 },
            { inserted: 10, deleted: 30, unchanged: 10 },
          ]
        : [
            { inserted: 30, deleted: 10, unchanged: 10 },
            { inserted: 20, deleted: 30, unchanged: 0 },
          ],
    );
  }
});

test("one of many replacements that expect the same fingerprint succeeds", async () => {
  const one = await suite.openAlone();
  const other = suite.openOn(one.url);
  const expectedFingerprint = fingerprintOf([]);
  const calls = Array.from({ length: 16 }, (_, n) =>
    (n % 2 === 0 ? one : other).store.replace(
      1,
      "me",
      { contactIds: [`c${n}`], isDryRun: false, expectedFingerprint },
      unhurried,
    ),
  );
  const settled = await Promise.allSettled(calls);
  expect(settled.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  for (const result of settled) {
    if (result.status === "rejected") {
      expect(result.reason).toMatchObject({ reason: "FINGERPRINT_MISMATCH" });
    }
  }
  expect(await contactsAt(one.url)).toHaveLength(1);
});

test("a replacement waits for a lock longer than a joined sync does", async () => {
  const open = await suite.openAlone();
  const holder = await holdList(open);
  const call = replace(open, ["new"]);
  await untilWaiting(holder);
  // Three times as long as a joined sync waits for a lock.
  await holder.query("SELECT pg_sleep(0.3)");
  await holder.query("ROLLBACK");
  expect(await call).toEqual({ inserted: 1, deleted: 1, unchanged: 0 });
});

test.each([[300], [1], [-5]])(
  "a replacement that waits ends with %i ms left, also in the database",
  async (left) => {
    const open = await suite.openAlone({ poolSize: 1 });
    const holder = await holdList(open);
    expect(await whyRejected(replace(open, ["late"], within(left)))).toBe("DEADLINE_EXCEEDED");
    await untilIdle(holder);
    await holder.query("ROLLBACK");
    expect(await replace(open, ["new"])).toEqual({ inserted: 1, deleted: 1, unchanged: 0 });
  },
);

onOneServer("a replacement that fails does not change the list", async () => {
  const open = await suite.openAlone({ poolSize: 1 });
  await addPairs(open.store, 1, [pair("me", "a"), pair("me", "poison")]);
  await addPoison(open.url, "DELETE");
  await expect(replace(open, ["b"])).rejects.toThrow("refused");
  expect((await contactsAt(open.url)).sort()).toEqual(["a", "poison"]);
  expect(await replace(open, ["b", "a", "poison"])).toMatchObject({ inserted: 1 });
});

onOneServer(
  "replacements of one list wait for each other, and one whose caller disconnects never runs",
  async () => {
    const open = await suite.openAlone({ poolSize: 8 });
    const holder = await holdList(open);
    const caller = new AbortController();
    const first = replace(open, ["a"]);
    await untilWaiting(holder);
    const cancelled = whyRejected(replace(open, ["never"], { signal: caller.signal }));
    const last = replace(open, ["b"]);
    await open.store.count(1, "me", unhurried);
    expect((await backendsOf(holder)).filter(({ waits }) => waits)).toHaveLength(1);
    const reason = new Error("the caller disconnected");
    caller.abort(reason);
    await holder.query("ROLLBACK");
    await first;
    expect(await cancelled).toBe(reason);
    expect(await last).toEqual({ inserted: 1, deleted: 1, unchanged: 0 });
    expect(await contactsAt(open.url)).toEqual(["b"]);
  },
);

test("replacements are rejected when the pending ones of the app have too many contacts", async () => {
  const open = await suite.openAlone();
  const holder = await holdList(open);
  const many = Array.from({ length: 10_000 }, () => "a");
  const calls = [replace(open, many), replace(open, many)];
  await untilWaiting(holder);
  for (let waiting = 0; waiting < 17; waiting++) calls.push(replace(open, many));
  expect(await whyRejected(replace(open, many))).toBe("OVERLOADED");
  calls.push(replace(open, ["a"]));
  await holder.query("ROLLBACK");
  const inserted = (await Promise.all(calls)).map((counts) => counts.inserted);
  expect(inserted.reduce((sum, count) => sum + count)).toBe(1);
  expect(await replace(open, many)).toEqual({ inserted: 0, deleted: 0, unchanged: 1 });
});

onOneServer("a replacement is retried after a conflict", async () => {
  const open = await suite.openAlone();
  const session = await openSession(open.url);
  await session.query(`
    CREATE SEQUENCE attempts;
    CREATE FUNCTION fail_first() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        IF nextval('attempts') <= 2 THEN
          RAISE EXCEPTION 'try again' USING ERRCODE = '40001';
        END IF;
        RETURN NULL;
      END
    $$;
    CREATE TRIGGER fail_first AFTER DELETE ON contact
      FOR EACH STATEMENT EXECUTE FUNCTION fail_first()`);
  expect(await replace(open, ["a"])).toEqual({ inserted: 1, deleted: 0, unchanged: 0 });
  expect(await contactsAt(open.url)).toEqual(["a"]);
});

test("a replacement waits for a pair that another transaction is adding", async () => {
  const open = await suite.openAlone();
  const other = await openSession(open.url);
  await holdInsert(other, 1, pair("me", "a"));
  const call = replace(open, ["a", "b"]);
  await untilWaiting(other);
  await other.query("COMMIT");
  expect(await call).toEqual({ inserted: 1, deleted: 0, unchanged: 1 });
});
