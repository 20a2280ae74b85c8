import fc from "fast-check";
import { expect, test } from "vitest";
import { fingerprintOf, inByteOrder } from "../../support/fingerprint.ts";
import { createSuite } from "../../support/store-suite.ts";
import { addPairs, anyId } from "../support/lists.ts";
import { pair, plan, unhurried } from "../support/pairs.ts";
import { openSession } from "../support/session.ts";

const suite = createSuite();

/** These must not change: clients store fingerprints, and compare them with those of later versions. */
const known: [name: string, ids: string[], fingerprint: string][] = [
  ["no contacts", [], "e3b0c44298fc1c149afbf4c8996fb924"],
  ["one contact", ["bob"], "fa73b451489b2b3707011e9dbea812f2"],
  ["two contacts", ["bob", "carol"], "e69b89cc31bb095d0c33491d36fb816d"],
  ["ids that run together", ["bobcarol"], "3c4559454fad5bbc2979824d15d6ff5c"],
  [
    "ids outside ASCII, in the order of bytes",
    ["é", "ｚ", "\uffff", "😀", "A", "a"],
    "84958002ad1700e6ad6ab8955b3a4c74",
  ],
  [
    "1,000 contacts",
    Array.from({ length: 1_000 }, (_, n) => `user-${n}`),
    "ceb0462ac434dd15f4d6f9da2e035ed4",
  ],
];

test.each(known)("of %s is known", async (_, ids, fingerprint) => {
  const { store } = await suite.open();
  const appId = suite.newApp();
  await addPairs(
    store,
    appId,
    ids.map((id) => pair("me", id)),
  );
  expect(await store.fingerprint(appId, "me", unhurried)).toEqual({
    fingerprint,
    contacts: ids.length,
  });
});

test("of any contacts does not depend on how they were added, and is what a client computes", async () => {
  const { store } = await suite.open();
  const anyIds = fc.uniqueArray(
    fc.oneof(
      anyId,
      fc.string({ unit: "binary", minLength: 1, maxLength: 50 }).filter((id) => !id.includes("\0")),
    ),
  );
  await fc.assert(
    fc.asyncProperty(anyIds, fc.array(anyId), async (ids, gone) => {
      const appId = suite.newApp();
      const kept = ids.filter((id) => !gone.includes(id));
      await addPairs(
        store,
        appId,
        kept.map((id) => pair("at once", id)),
      );
      for (const id of inByteOrder(kept).reverse()) {
        await addPairs(store, appId, [pair("one by one", id)]);
      }
      const [added, removed] = [ids, gone].map((list) => list.map((id) => pair("there", id)));
      await store.sync(appId, plan({ insert: added ?? [] }), unhurried);
      await store.sync(appId, plan({ remove: removed ?? [] }), unhurried);

      const expected = { fingerprint: fingerprintOf(kept), contacts: kept.length };
      for (const owner of ["at once", "one by one", "there"]) {
        expect(await store.fingerprint(appId, owner, unhurried)).toEqual(expected);
      }
    }),
    { numRuns: 25 },
  );
});

test("does not depend on the order of an index", async () => {
  const { store, url } = await suite.openAlone();
  const ids = ["c", "b", "d", "a"];
  for (const id of ids) await addPairs(store, 1, [pair("me", id)]);
  const session = await openSession(url);
  await session.query("ALTER TABLE contact DROP CONSTRAINT contact_pkey");
  await session.query("DROP INDEX contact_reverse");
  expect(await store.fingerprint(1, "me", unhurried)).toEqual({
    fingerprint: fingerprintOf(ids),
    contacts: 4,
  });
});

test("differs for different contacts", async () => {
  const { store } = await suite.open();
  const appId = suite.newApp();
  const sets = [[], ["a"], ["b"], ["a", "b"], ["ab"], ["A"], ["a "], ["é"], ["e\u0301"]];
  const seen = new Set<string>();
  for (const [n, ids] of sets.entries()) {
    await addPairs(
      store,
      appId,
      ids.map((id) => pair(`o${n}`, id)),
    );
    seen.add((await store.fingerprint(appId, `o${n}`, unhurried)).fingerprint);
  }
  expect(seen.size).toBe(sets.length);
});
