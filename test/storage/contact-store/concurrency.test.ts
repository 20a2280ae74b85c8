import fc from "fast-check";
import { expect, inject, test } from "vitest";
import type { SyncEntry } from "../../../src/contact/sync.ts";
import type { OpenStore } from "../../support/store-suite.ts";
import { createSuite } from "../../support/store-suite.ts";
import { pair, plan, unhurried } from "../support/pairs.ts";
import { countDeadlocks, holdInsert, openSession, untilWaiting } from "../support/session.ts";

const suite = createSuite();

const appId = 1;

interface Load {
  readonly atOnce: number;
  readonly rounds: number;
  readonly ids: number;
  readonly sizes: readonly { readonly minLength: number; readonly maxLength: number }[];
}

const loads: Record<string, Load> = {
  "32 small syncs at once, of few pairs,": {
    atOnce: 32,
    rounds: 40,
    ids: 5,
    sizes: [{ minLength: 1, maxLength: 20 }],
  },
  "16 small and large syncs at once, of the same pairs,": {
    atOnce: 16,
    rounds: 6,
    ids: 40,
    sizes: [
      { minLength: 1, maxLength: 5 },
      { minLength: 800, maxLength: 1_200 },
    ],
  },
};

function syncsOf({ atOnce, ids, sizes }: Load): fc.Arbitrary<SyncEntry[][]> {
  const id = fc.nat(ids - 1).map(String);
  const entry = fc.record({ ownerId: id, contactId: id, isDeleted: fc.boolean() });
  const sync = fc.oneof(...sizes.map((size) => fc.array(entry, { ...size, size: "max" })));
  return fc.array(sync, { minLength: atOnce, maxLength: atOnce });
}

/** Runs rounds of concurrent syncs, and returns the sum of their counts. */
async function runRounds(load: Load, { store }: OpenStore) {
  const total = { inserted: 0, deleted: 0 };
  await fc.assert(
    fc.asyncProperty(syncsOf(load), async (syncs) => {
      const counts = await Promise.all(
        syncs.map((entries) => store.sync(appId, entries, unhurried)),
      );
      for (const { inserted, deleted } of counts) {
        total.inserted += inserted;
        total.deleted += deleted;
      }
    }),
    { numRuns: load.rounds, endOnFailure: true },
  );
  return total;
}

test.each(Object.entries(loads))("%s all succeed without a deadlock", async (_, load) => {
  const open = await suite.openAlone({ poolSize: 16 });
  const { inserted, deleted } = await runRounds(load, open);
  expect(inserted).toBeGreaterThan(0);
  expect(deleted).toBeGreaterThan(0);
  expect(await suite.contactsOf(appId, open.url)).toHaveLength(inserted - deleted);
  await open.close();
  expect(await countDeadlocks(await openSession(open.url))).toBe(0);
});

test("if many syncs insert the same pairs, one of them counts each pair", async () => {
  const { store } = await suite.open({ poolSize: 16 });
  const app = suite.newApp();
  const pairs = Array.from({ length: 200 }, (_, n) => pair(`o${n % 7}`, `c${n}`));
  const counts = await Promise.all(
    Array.from({ length: 32 }, () => store.sync(app, plan({ insert: pairs }), unhurried)),
  );
  expect(counts.reduce((sum, { inserted }) => sum + inserted, 0)).toBe(200);
  expect(await suite.contactsOf(app)).toHaveLength(200);
  const removed = await Promise.all(
    Array.from({ length: 32 }, () => store.sync(app, plan({ remove: pairs }), unhurried)),
  );
  expect(removed.reduce((sum, { deleted }) => sum + deleted, 0)).toBe(200);
  expect(await suite.contactsOf(app)).toEqual([]);
});

test.each([
  ["commits", "COMMIT", 0],
  ["is taken back", "ROLLBACK", 1],
])("a pair that another sync is inserting is counted by it if it %s", async (_, end, inserted) => {
  const { store, url } = await suite.openAlone();
  const other = await openSession(url);
  await holdInsert(other, appId, pair("a", "b"));
  const sync = store.sync(appId, plan({ insert: [pair("a", "b")] }), unhurried);
  await untilWaiting(other);
  await other.query(end);
  expect(await sync).toEqual({ inserted, deleted: 0 });
  expect(await suite.contactsOf(appId, url)).toEqual([pair("a", "b")]);
});

test.skipIf(inject("citus") !== undefined)(
  "a sync that finds a pair that another process is deleting is retried",
  async () => {
    // The joined transaction waits for the lock as long as necessary.
    const { store, url } = await suite.openAlone({ lockTimeoutMs: 30_000 });
    const [holder, other] = [await openSession(url), await openSession(url)];
    // Pairs are inserted in order: the sync finds the first pair before it waits for the second.
    const [existing, held] = [pair("a", "1"), pair("a", "2")];
    await store.sync(appId, plan({ insert: [existing] }), unhurried);
    await holdInsert(holder, appId, held);
    const entries = plan({ insert: [existing, held], remove: [existing] });
    const sync = store.sync(appId, entries, { ...unhurried, wantsOutcomes: true });
    await untilWaiting(other);
    await other.query("DELETE FROM contact WHERE contact_id = '1'");
    await holder.query("ROLLBACK");
    const outcomes = ["INSERTED", "INSERTED", "DELETED"];
    expect(await sync).toEqual({ inserted: 2, deleted: 1, outcomes });
    expect(await suite.contactsOf(appId, url)).toEqual([held]);
  },
);
