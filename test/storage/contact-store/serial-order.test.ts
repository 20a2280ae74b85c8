import fc from "fast-check";
import { expect, inject, test } from "vitest";
import { fingerprintOf } from "../../support/fingerprint.ts";
import type { OpenStore } from "../../support/store-suite.ts";
import { createSuite } from "../../support/store-suite.ts";
import { pairKey } from "../../support/sync-model.ts";
import type { Result } from "../support/call-model.ts";
import { anyCall, anyFirstEntries, make, stepOf } from "../support/call-model.ts";
import { pair, plan, sorted, unhurried } from "../support/pairs.ts";
import { hasSerialOrder } from "../support/serial-order.ts";
import { countDeadlocks, openSession } from "../support/session.ts";

const suite = createSuite();

const me = "me";

/** On a distributed table, only changes have one order: a read of several owners is exact for each pair alone. */
const onlyChanges = inject("citus") !== undefined;

/** A round takes much longer there. */
const numRuns = onlyChanges ? 150 : 500;

/** Concurrent calls, some of them in another process. */
const anyRound = anyFirstEntries.chain((first) => {
  const list = first.filter(({ ownerId }) => ownerId === me).map(({ contactId }) => contactId);
  const call = fc.record({
    call: anyCall(fingerprintOf(list), onlyChanges),
    isElsewhere: fc.boolean(),
  });
  return fc.record({
    first: fc.constant(first),
    calls: fc.array(call, { minLength: 3, maxLength: 5 }),
  });
});

const twoProcesses = async (): Promise<[OpenStore, OpenStore]> => {
  const one = await suite.openAlone({ poolSize: 10 });
  return [one, suite.openOn(one.url, { poolSize: 10 })];
};

test("concurrent calls of two processes give the results of a serial order", async () => {
  const [one, other] = await twoProcesses();
  const keysOf = async (appId: number) =>
    new Set((await suite.contactsOf(appId, one.url)).map((each) => pairKey(appId, each)));
  let appId = 0;
  await fc.assert(
    fc.asyncProperty(anyRound, async ({ first, calls }) => {
      appId += 1;
      await one.store.sync(appId, first, unhurried);
      const before = await keysOf(appId);
      const results = await Promise.all(
        calls.map(({ call, isElsewhere }) => {
          const { store } = isElsewhere ? other : one;
          return make(call, store, appId);
        }),
      );
      const after = await keysOf(appId);
      const observed = calls.map(({ call }, n) => ({
        step: stepOf(call, appId),
        result: results[n] as Result,
      }));
      expect(
        hasSerialOrder({ before, after, calls: observed }),
        JSON.stringify({ results, after: [...after] }),
      ).toBe(true);
    }),
    { numRuns, endOnFailure: true },
  );
});

test("many syncs and replacements of one list from two processes all end, without a deadlock", async () => {
  const [one, other] = await twoProcesses();
  const stores = [one.store, other.store];
  const ids = Array.from({ length: 40 }, (_, n) => `c${n}`);
  const calls = Array.from({ length: 160 }, (_, n) => {
    const store = stores[n % 2] as OpenStore["store"];
    const some = ids.filter((_, at) => (at * 7 + n) % 3 === 0);
    if (n % 8 === 0) {
      return store.replace(1, me, { contactIds: some, isDryRun: false }, unhurried);
    }
    const [insert, remove] = [some.slice(0, 5), some.slice(5)];
    const pairsOf = (list: readonly string[]) =>
      (n % 3 === 0 ? list.toReversed() : list).map((id) => pair(me, id));
    const entries = plan({ insert: pairsOf(insert), remove: pairsOf(remove) });
    return store.sync(1, entries, unhurried);
  });
  const changes = await Promise.all(calls);
  const left = changes.reduce((sum, { inserted, deleted }) => sum + inserted - deleted, 0);
  expect(await suite.contactsOf(1, one.url)).toHaveLength(left);
  await Promise.all([one.close(), other.close()]);
  expect(await countDeadlocks(await openSession(one.url))).toBe(0);
});

test("other owners are served while a list is replaced continuously", async () => {
  const [one, other] = await twoProcesses();
  let isServed = false;
  const replacing = [one, other, one, other].map(async ({ store }, n) => {
    const lists = [["a", "b", `c${n}`], []];
    for (let turn = 0; !isServed; turn++) {
      const contactIds = lists[turn % 2] ?? [];
      await store.replace(1, me, { contactIds, isDryRun: false }, unhurried);
    }
  });
  const pairs = Array.from({ length: 20 }, (_, n) => pair(`o${n}`, "x"));
  const syncs = pairs.map((each, n) =>
    (n % 2 === 0 ? one : other).store.sync(1, plan({ insert: [each] }), unhurried),
  );
  expect(await Promise.all(syncs)).toEqual(pairs.map(() => ({ inserted: 1, deleted: 0 })));
  isServed = true;
  await Promise.all(replacing);
  const stored = await suite.contactsOf(1, one.url);
  expect(sorted(stored.filter(({ ownerId }) => ownerId !== me))).toEqual(sorted(pairs));
});
