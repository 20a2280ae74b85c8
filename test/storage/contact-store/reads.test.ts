import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { maxExamined } from "../../../src/storage/read-statements.ts";
import { inByteOrder } from "../../support/fingerprint.ts";
import { createSuite } from "../../support/store-suite.ts";
import { addPairs, anyPairs, lists, someIds } from "../support/lists.ts";
import type { ContactPair } from "../support/pairs.ts";
import { pair, unhurried } from "../support/pairs.ts";
import { openSession } from "../support/session.ts";
import { idsOf, walk } from "../support/walk.ts";

const suite = createSuite();

/** The results of the reads, computed from the pairs. */
function modelOf(pairs: readonly ContactPair[]) {
  const keys = new Set(pairs.map(({ ownerId, contactId }) => `${ownerId}\0${contactId}`));
  const has = (owner: string, contact: string) => keys.has(`${owner}\0${contact}`);
  const listOf = (isIn: (id: string) => boolean) => inByteOrder(someIds.filter(isIn));
  return {
    has,
    contacts: (user: string) => listOf((id) => has(user, id)),
    owners: (user: string) => listOf((id) => has(id, user)),
    "mutual contacts": (user: string) => listOf((id) => has(user, id) && has(id, user)),
  };
}

const times: [time: string, micros: number][] = [
  ["2026-01-02 03:04:05.123456+00", 1_767_323_045_123_456],
  ["2026-01-02 03:04:05.000001+00", 1_767_323_045_000_001],
  ["2026-01-02 03:04:05+00", 1_767_323_045_000_000],
  ["1970-01-01 00:00:00+00", 0],
  ["1969-12-31 23:59:59.999999+00", -1],
  ["2199-12-31 23:59:59.999999+00", 7_258_118_399_999_999],
];

test("lists, counts and checks of any pairs are those of a model", async () => {
  const { store } = await suite.open();
  await fc.assert(
    fc.asyncProperty(anyPairs, fc.integer({ min: 1, max: 11 }), async (pairs, size) => {
      const appId = suite.newApp();
      await addPairs(store, appId, pairs);
      const model = modelOf(pairs);
      for (const user of someIds) {
        for (const list of lists) {
          const shown = await walk((page) => list.read(store, appId, user, page), size);
          expect(idsOf(shown)).toEqual(model[list.name](user));
        }
        expect(await store.count(appId, user, unhurried)).toEqual({
          contacts: model.contacts(user).length,
          owners: model.owners(user).length,
        });
      }
      const asked = someIds.flatMap((owner) => someIds.map((contact) => pair(owner, contact)));
      expect(await store.check(appId, asked, unhurried)).toEqual(
        asked.map(({ ownerId, contactId }) => ({
          isContact: model.has(ownerId, contactId),
          isMutual: model.has(ownerId, contactId) && model.has(contactId, ownerId),
        })),
      );
    }),
    { numRuns: 25 },
  );
});

describe.each(lists)("the list of $name", (list) => {
  test.each([
    ["of an unknown user is one empty page", 0, 1, [0], false],
    ["of one is on one page", 1, 1, [1], false],
    ["that fills the page has none after it", 3, 3, [3], false],
    ["that fills the page but for one has none after it", 3, 4, [3], false],
    ["that has one more than the page has one after it", 4, 3, [3], true],
    ["of 1,000 is on one page of 1,000", 1_000, 1_000, [1_000], false],
    ["of 1,001 is on two pages of 1,000", 1_001, 1_000, [1_000], true],
  ])("%s", async (_, length, size, [shown], hasMore) => {
    const { store } = await suite.open();
    const appId = suite.newApp();
    const ids = Array.from({ length }, (_, n) => `id-${n}`);
    await addPairs(
      store,
      appId,
      ids.flatMap((id) => list.pairsOf("me", id)),
    );
    const page = await list.read(store, appId, "me", { size });
    expect(page.nextAfter !== undefined).toBe(hasMore);
    expect(page.entries).toHaveLength(shown ?? 0);
    expect(idsOf(await walk((request) => list.read(store, appId, "me", request), size))).toEqual(
      inByteOrder(ids),
    );
  });

  test("continues after an id that no longer exists", async () => {
    const { store } = await suite.open();
    const appId = suite.newApp();
    await addPairs(
      store,
      appId,
      ["a", "c"].flatMap((id) => list.pairsOf("me", id)),
    );
    const page = await list.read(store, appId, "me", { after: "b", size: 10 });
    expect(idsOf(page.entries)).toEqual(["c"]);
  });

  test.each(times)("returns that an entry was added at %s", async (time, micros) => {
    const { store, url } = await suite.open();
    const appId = suite.newApp();
    const session = await openSession(url);
    for (const { ownerId, contactId } of list.pairsOf("me", "you")) {
      await session.query(
        "INSERT INTO contact (app_id, owner_id, contact_id, created_at) VALUES ($1, $2, $3, $4)",
        [appId, ownerId, contactId, time],
      );
    }
    const { entries } = await list.read(store, appId, "me", { size: 1 });
    expect(entries).toEqual([{ id: "you", createdAtMicros: micros }]);
  });
});

test.each([
  { every: 1, name: "all contacts" },
  { every: 3_000, name: "few contacts" },
  { every: Infinity, name: "no contacts" },
])(
  "a page of a long list of which $name are mutual looks at a limited part of it",
  async ({ every }) => {
    const { store, url } = await suite.open();
    const appId = suite.newApp();
    const ids = Array.from({ length: 2 * maxExamined + 1 }, (_, n) => String(n).padStart(6, "0"));
    const mutual = ids.filter((_, n) => (n + 1) % every === 0);
    const session = await openSession(url);
    await session.query(
      `INSERT INTO contact (app_id, owner_id, contact_id)
     SELECT $1::int, 'me', unnest($2::text[]) UNION ALL SELECT $1, unnest($3::text[]), 'me'`,
      [appId, ids, mutual],
    );
    const sizes: number[] = [];
    const shown = await walk(async (request) => {
      const page = await store.listMutual(appId, "me", request, unhurried);
      sizes.push(page.entries.length);
      return page;
    }, 1_000);
    expect(idsOf(shown)).toEqual(mutual);
    const pages = every === 1 ? Math.ceil(mutual.length / 1_000) : 3;
    expect(sizes).toHaveLength(pages);
  },
);

test("the last page of a list of exactly the contacts that a page looks at is empty", async () => {
  const { store, url } = await suite.open();
  const appId = suite.newApp();
  const session = await openSession(url);
  await session.query(
    `INSERT INTO contact (app_id, owner_id, contact_id)
     SELECT $1, 'me', lpad(n::text, 6, '0') FROM generate_series(1, $2::int) AS n`,
    [appId, maxExamined],
  );
  const first = await store.listMutual(appId, "me", { size: 10 }, unhurried);
  expect(first).toEqual({ entries: [], nextAfter: "005000" });
  const second = await store.listMutual(appId, "me", { size: 10, after: "005000" }, unhurried);
  expect(second).toEqual({ entries: [], nextAfter: undefined });
});

test("a mutual contact has the time of the list that is read", async () => {
  const { store } = await suite.open();
  const appId = suite.newApp();
  await addPairs(store, appId, [pair("me", "you")]);
  await addPairs(store, appId, [pair("you", "me")]);
  const mine = await store.listMutual(appId, "me", { size: 1 }, unhurried);
  const yours = await store.listMutual(appId, "you", { size: 1 }, unhurried);
  expect(mine).toEqual(await store.listContacts(appId, "me", { size: 1 }, unhurried));
  expect(yours).toEqual(await store.listContacts(appId, "you", { size: 1 }, unhurried));
  expect(mine.entries[0]?.createdAtMicros).toBeLessThan(yours.entries[0]?.createdAtMicros ?? 0);
});

test("a check of 1,000 pairs, many of them named twice, answers in their order", async () => {
  const { store } = await suite.open();
  const appId = suite.newApp();
  await addPairs(store, appId, [pair("me", "you"), pair("you", "me"), pair("me", "it")]);
  const asked = Array.from(
    { length: 1_000 },
    (_, n) => [pair("me", "it"), pair("me", "nobody"), pair("you", "me")][n % 3] ?? pair("", ""),
  );
  expect(await store.check(appId, asked, unhurried)).toEqual(
    asked.map(({ ownerId, contactId }) => ({
      isContact: contactId !== "nobody",
      isMutual: ownerId === "you",
    })),
  );
});

test("checks of several apps that arrive together get their own results", async () => {
  const { store } = await suite.open();
  const [one, other] = [suite.newApp(), suite.newApp()];
  await addPairs(store, one, [pair("me", "a"), pair("a", "me"), pair("me", "b")]);
  await addPairs(store, other, [pair("me", "c")]);
  const contactsOf = new Map([
    [one, ["a", "b"]],
    [other, ["c"]],
  ]);
  const ids = ["a", "b", "c", "d"];
  const checks = Array.from({ length: 300 }, (_, n) => {
    const appId = n % 3 === 0 ? other : one;
    const asked = Array.from({ length: 1 + (n % 9) }, (_, k) => ids[(n + k) % ids.length] ?? "");
    return { appId, asked };
  });
  const results = await Promise.all(
    checks.map(({ appId, asked }) =>
      store.check(
        appId,
        asked.map((id) => pair("me", id)),
        unhurried,
      ),
    ),
  );
  expect(results).toEqual(
    checks.map(({ appId, asked }) =>
      asked.map((id) => ({
        isContact: contactsOf.get(appId)?.includes(id),
        isMutual: appId === one && id === "a",
      })),
    ),
  );
});

test("a user who is their own contact is mutual, and counts both ways", async () => {
  const { store } = await suite.open();
  const appId = suite.newApp();
  await addPairs(store, appId, [pair("me", "me")]);
  expect(await store.check(appId, [pair("me", "me")], unhurried)).toEqual([
    { isContact: true, isMutual: true },
  ]);
  expect(await store.count(appId, "me", unhurried)).toEqual({ contacts: 1, owners: 1 });
});
