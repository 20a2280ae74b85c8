import { expect, test } from "vitest";
import type { SyncResult } from "../../../src/contact/sync.ts";
import { createSuite } from "../../support/store-suite.ts";
import type { Change, ContactPair } from "../support/pairs.ts";
import { pair, plan, sorted, unhurried } from "../support/pairs.ts";

const suite = createSuite();

interface CountCase {
  readonly before?: readonly ContactPair[];
  readonly change: Change;
  readonly counts: SyncResult;
  readonly after: readonly ContactPair[];
}

const [ab, ac, ba] = [pair("a", "b"), pair("a", "c"), pair("b", "a")];

const cases: Record<string, CountCase> = {
  "a new pair is inserted and counted": {
    change: { insert: [ab] },
    counts: { inserted: 1, deleted: 0 },
    after: [ab],
  },
  "a pair that is there is not counted again": {
    before: [ab],
    change: { insert: [ab, ac] },
    counts: { inserted: 1, deleted: 0 },
    after: [ab, ac],
  },
  "a pair that is there is deleted and counted": {
    before: [ab, ac],
    change: { remove: [ab] },
    counts: { inserted: 0, deleted: 1 },
    after: [ac],
  },
  "a pair that is not there is not counted as deleted": {
    before: [ab],
    change: { remove: [ac] },
    counts: { inserted: 0, deleted: 0 },
    after: [ab],
  },
  "a new pair both inserted and deleted counts as both, and ends deleted": {
    change: { insert: [ab], remove: [ab] },
    counts: { inserted: 1, deleted: 1 },
    after: [],
  },
  "a pair that is there, both inserted and deleted, counts as deleted": {
    before: [ab],
    change: { insert: [ab], remove: [ab] },
    counts: { inserted: 0, deleted: 1 },
    after: [],
  },
  "a pair that is named three times counts once": {
    change: { insert: [ab, ab, ab] },
    counts: { inserted: 1, deleted: 0 },
    after: [ab],
  },
  "a deletion that is named three times counts once": {
    before: [ab],
    change: { remove: [ab, ab, ab] },
    counts: { inserted: 0, deleted: 1 },
    after: [],
  },
  "contacts are one-way: adding a pair does not add its reverse": {
    change: { insert: [ab] },
    counts: { inserted: 1, deleted: 0 },
    after: [ab],
  },
  "contacts are one-way: deleting a pair keeps its reverse": {
    before: [ab, ba],
    change: { remove: [ab] },
    counts: { inserted: 0, deleted: 1 },
    after: [ba],
  },
  "an owner may have themselves as a contact": {
    change: { insert: [pair("a", "a")] },
    counts: { inserted: 1, deleted: 0 },
    after: [pair("a", "a")],
  },
  "a plan with nothing to do does nothing": {
    before: [ab],
    change: {},
    counts: { inserted: 0, deleted: 0 },
    after: [ab],
  },
};

test.each(Object.entries(cases))("%s", async (_, { before = [], change, counts, after }) => {
  const { store } = await suite.open();
  const appId = suite.newApp();
  await store.sync(appId, plan({ insert: before }), unhurried);
  expect(await store.sync(appId, plan(change), unhurried)).toEqual(counts);
  expect(sorted(await suite.contactsOf(appId))).toEqual(sorted(after));
});

test.each(Object.entries(cases))("sent again: %s", async (_, { before = [], change, after }) => {
  const { store } = await suite.open();
  const appId = suite.newApp();
  await store.sync(appId, plan({ insert: before }), unhurried);
  await store.sync(appId, plan(change), unhurried);
  await store.sync(appId, plan(change), unhurried);
  expect(sorted(await suite.contactsOf(appId))).toEqual(sorted(after));
});

test("a plan sent again changes nothing and counts nothing", async () => {
  const { store } = await suite.open();
  const appId = suite.newApp();
  await store.sync(appId, plan({ insert: [ba] }), unhurried);
  const change = plan({ insert: [ab, ac], remove: [ba] });
  expect(await store.sync(appId, change, unhurried)).toEqual({ inserted: 2, deleted: 1 });
  expect(await store.sync(appId, change, unhurried)).toEqual({ inserted: 0, deleted: 0 });
});

test("apps do not see or touch each other's contacts", async () => {
  const { store } = await suite.open();
  const [one, other] = [suite.newApp(), suite.newApp()];
  await store.sync(one, plan({ insert: [ab, ac] }), unhurried);
  expect(await store.sync(other, plan({ insert: [ab] }), unhurried)).toEqual({
    inserted: 1,
    deleted: 0,
  });
  expect(await store.sync(other, plan({ remove: [ab, ac] }), unhurried)).toEqual({
    inserted: 0,
    deleted: 1,
  });
  expect(sorted(await suite.contactsOf(one))).toEqual(sorted([ab, ac]));
  expect(await suite.contactsOf(other)).toEqual([]);
});

test("10,000 pairs are inserted and deleted in one sync each", async () => {
  const { store } = await suite.open();
  const appId = suite.newApp();
  const pairs = Array.from({ length: 10_000 }, (_, n) => pair(`owner-${n % 100}`, `contact-${n}`));
  expect(await store.sync(appId, plan({ insert: pairs }), unhurried)).toEqual({
    inserted: 10_000,
    deleted: 0,
  });
  expect(await suite.contactsOf(appId)).toHaveLength(10_000);
  expect(await store.sync(appId, plan({ insert: pairs, remove: pairs }), unhurried)).toEqual({
    inserted: 0,
    deleted: 10_000,
  });
  expect(await suite.contactsOf(appId)).toEqual([]);
});
