import fc from "fast-check";
import { expect, test } from "vitest";
import { createSuite } from "../../support/store-suite.ts";
import { addPairs, anyId, anyPairs } from "../support/lists.ts";
import { pair, sorted, unhurried } from "../support/pairs.ts";

const suite = createSuite();

test("any user is removed from every list, others stay, and the counts are exact", async () => {
  const { store } = await suite.open();
  await fc.assert(
    fc.asyncProperty(anyPairs, anyId, async (pairs, user) => {
      const appId = suite.newApp();
      await addPairs(store, appId, pairs);
      const before = await suite.contactsOf(appId);
      const owned = before.filter(({ ownerId }) => ownerId === user);
      const rest = before.filter(({ ownerId }) => ownerId !== user);
      const kept = rest.filter(({ contactId }) => contactId !== user);
      expect(await store.erase(appId, user, unhurried)).toEqual({
        asOwner: owned.length,
        asContact: rest.length - kept.length,
      });
      expect(sorted(await suite.contactsOf(appId))).toEqual(sorted(kept));
      expect(await store.erase(appId, user, unhurried)).toEqual({ asOwner: 0, asContact: 0 });
    }),
    { numRuns: 40 },
  );
});

test("a user with thousands of contacts and owners is erased, and counted once if in the own list", async () => {
  const { store } = await suite.open();
  const appId = suite.newApp();
  const ids = Array.from({ length: 2_500 }, (_, n) => `u${n}`);
  const mine = ids.map((id) => pair("me", id));
  const theirs = ids.slice(0, 2_000).map((id) => pair(id, "me"));
  await addPairs(store, appId, [...mine, ...theirs, pair("me", "me"), pair("u1", "u2")]);
  expect(await store.erase(appId, "me", unhurried)).toEqual({ asOwner: 2_501, asContact: 2_000 });
  expect(await suite.contactsOf(appId)).toEqual([pair("u1", "u2")]);
});

test("two concurrent erasures of one user count each pair once", async () => {
  const { store } = await suite.open();
  const appId = suite.newApp();
  const ids = Array.from({ length: 1_500 }, (_, n) => `u${n}`);
  await addPairs(
    store,
    appId,
    ids.flatMap((id) => [pair("me", id), pair(id, "me")]),
  );
  const [one, other] = await Promise.all([
    store.erase(appId, "me", unhurried),
    store.erase(appId, "me", unhurried),
  ]);
  expect(one.asOwner + other.asOwner).toBe(1_500);
  expect(one.asContact + other.asContact).toBe(1_500);
  expect(await suite.contactsOf(appId)).toEqual([]);
});
