import fc from "fast-check";
import { expect, test } from "vitest";
import type { ReplaceCounts } from "../../../src/contact/replacement.ts";
import { fingerprintOf } from "../../support/fingerprint.ts";
import { createSuite } from "../../support/store-suite.ts";
import { addPairs, anyId } from "../support/lists.ts";
import { pair, plan, sorted, unhurried, whyRejected } from "../support/pairs.ts";

const suite = createSuite();

const cases: Record<string, { before: string[]; wanted: string[]; counts: ReplaceCounts }> = {
  "an empty list becomes what is wanted": {
    before: [],
    wanted: ["a", "b"],
    counts: { inserted: 2, deleted: 0, unchanged: 0 },
  },
  "a list is emptied": {
    before: ["a", "b"],
    wanted: [],
    counts: { inserted: 0, deleted: 2, unchanged: 0 },
  },
  "an empty list is emptied": {
    before: [],
    wanted: [],
    counts: { inserted: 0, deleted: 0, unchanged: 0 },
  },
  "a list becomes what it is": {
    before: ["a", "b"],
    wanted: ["b", "a"],
    counts: { inserted: 0, deleted: 0, unchanged: 2 },
  },
  "some go, some stay, some come": {
    before: ["a", "b", "c"],
    wanted: ["c", "d", "e"],
    counts: { inserted: 2, deleted: 2, unchanged: 1 },
  },
  "one that is named three times counts once": {
    before: ["a", "b"],
    wanted: ["a", "a", "c", "c", "a", "c"],
    counts: { inserted: 1, deleted: 1, unchanged: 1 },
  },
  "owners may be in their own list": {
    before: ["me", "a"],
    wanted: ["me"],
    counts: { inserted: 0, deleted: 1, unchanged: 1 },
  },
};

const anyReplacement = fc.record({
  contactIds: fc.array(anyId, { maxLength: 14, size: "max" }),
  isDryRun: fc.boolean(),
  /** The expected fingerprint: none, that of the current list, or that of another list. */
  expects: fc.constantFrom("any", "this", "another"),
});

const contactsOf = async (appId: number, owner: string) =>
  (await suite.contactsOf(appId))
    .filter(({ ownerId }) => ownerId === owner)
    .map(({ contactId }) => contactId)
    .sort();

test.each(Object.entries(cases))("%s", async (_, { before, wanted, counts }) => {
  const { store } = await suite.open();
  const appId = suite.newApp();
  await addPairs(
    store,
    appId,
    before.map((id) => pair("me", id)),
  );
  const replacement = { contactIds: wanted, isDryRun: false };
  const dryRun = { ...replacement, isDryRun: true };
  expect(await store.replace(appId, "me", dryRun, unhurried)).toEqual(counts);
  expect(await contactsOf(appId, "me")).toEqual(before.sort());
  expect(await store.replace(appId, "me", replacement, unhurried)).toEqual(counts);
  expect(await contactsOf(appId, "me")).toEqual([...new Set(wanted)].sort());
});

test("any replacements have the effects and counts of a model", async () => {
  const { store } = await suite.open();
  const anyList = fc.uniqueArray(anyId);
  await fc.assert(
    fc.asyncProperty(anyList, fc.array(anyReplacement, { maxLength: 6 }), async (list, all) => {
      const appId = suite.newApp();
      let model = new Set(list);
      await addPairs(
        store,
        appId,
        list.map((id) => pair("me", id)),
      );
      for (const { contactIds, isDryRun, expects } of all) {
        const there = fingerprintOf(model);
        const expectedFingerprint = {
          any: undefined,
          this: there,
          another: fingerprintOf([...model, "another"]),
        }[expects];
        const wanted = new Set(contactIds);
        const replacement = { contactIds, isDryRun, expectedFingerprint };
        const call = store.replace(appId, "me", replacement, unhurried);
        if (expects === "another") {
          expect(await whyRejected(call)).toBe("FINGERPRINT_MISMATCH");
        } else {
          expect(await call).toEqual({
            inserted: wanted.difference(model).size,
            deleted: model.difference(wanted).size,
            unchanged: wanted.intersection(model).size,
          });
          if (!isDryRun) model = wanted;
        }
        expect(await contactsOf(appId, "me")).toEqual([...model].sort());
      }
    }),
    { numRuns: 50 },
  );
});

test.each(["", "x", fingerprintOf(["a"]).toUpperCase(), fingerprintOf([])])(
  "a list that does not have the fingerprint %j does not change",
  async (expectedFingerprint) => {
    const { store } = await suite.open({ poolSize: 1 });
    const appId = suite.newApp();
    await addPairs(store, appId, [pair("me", "a")]);
    const replacement = { contactIds: ["b"], isDryRun: false, expectedFingerprint };
    const call = store.replace(appId, "me", replacement, unhurried);
    expect(await whyRejected(call)).toBe("FINGERPRINT_MISMATCH");
    expect(await contactsOf(appId, "me")).toEqual(["a"]);
    // There is only one connection, so the rejected replacement has released the list.
    await store.sync(appId, plan({ insert: [pair("me", "c")] }), unhurried);
    expect(await contactsOf(appId, "me")).toEqual(["a", "c"]);
  },
);

test("contacts that stay keep their time", async () => {
  const { store } = await suite.open();
  const appId = suite.newApp();
  await addPairs(store, appId, [pair("me", "gone"), pair("me", "stays")]);
  const before = await store.listContacts(appId, "me", { size: 10 }, unhurried);
  const replacement = { contactIds: ["new", "stays"], isDryRun: false };
  await store.replace(appId, "me", replacement, unhurried);
  const { entries } = await store.listContacts(appId, "me", { size: 10 }, unhurried);
  expect(entries[1]).toEqual(before.entries[1]);
  expect(entries[0]?.createdAtMicros).toBeGreaterThan(before.entries[0]?.createdAtMicros ?? 0);
});

test("the lists of others do not change, nor the lists that contain the owner", async () => {
  const { store } = await suite.open();
  const [appId, otherApp] = [suite.newApp(), suite.newApp()];
  const others = [pair("you", "a"), pair("a", "me"), pair("me ", "a"), pair("ME", "a")];
  await addPairs(store, appId, [pair("me", "a"), ...others]);
  await addPairs(store, otherApp, [pair("me", "a")]);
  await store.replace(appId, "me", { contactIds: ["b"], isDryRun: false }, unhurried);
  expect(sorted(await suite.contactsOf(appId))).toEqual(sorted([pair("me", "b"), ...others]));
  expect(await suite.contactsOf(otherApp)).toEqual([pair("me", "a")]);
});

test("10,000 contacts replace 25,000, and 5,000 of them stay", async () => {
  const { store } = await suite.open();
  const appId = suite.newApp();
  const ids = Array.from({ length: 30_000 }, (_, n) => `contact-${n}`);
  for (let n = 0; n < 25_000; n += 5_000) {
    const some = ids.slice(n, n + 5_000);
    await addPairs(
      store,
      appId,
      some.map((id) => pair("me", id)),
    );
  }
  const counts = { inserted: 5_000, deleted: 20_000, unchanged: 5_000 };
  const replacement = { contactIds: ids.slice(20_000), isDryRun: false };
  const dryRun = { ...replacement, isDryRun: true };
  expect(await store.replace(appId, "me", dryRun, unhurried)).toEqual(counts);
  expect(await store.replace(appId, "me", replacement, unhurried)).toEqual(counts);
  expect(await store.fingerprint(appId, "me", unhurried)).toEqual({
    fingerprint: fingerprintOf(ids.slice(20_000)),
    contacts: 10_000,
  });
});
