import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { SyncRequest } from "../../../src/contact/batch.ts";
import { planBatch, shareResults } from "../../../src/contact/batch.ts";
import { ownerKey } from "../../../src/contact/pair-map.ts";
import type { SyncEntry, SyncResult } from "../../../src/contact/sync.ts";
import type { ModelRequest } from "../../support/sync-model.ts";
import { anyRequest, anyRows, applyBatch, pairKey, syncModel } from "../../support/sync-model.ts";

const noneBusy = () => false;

function syncRequest({ appId, entries, wantsOutcomes = false }: ModelRequest): SyncRequest {
  const owners = entries.map(({ ownerId }) => ownerKey(appId, ownerId));
  return { appId, entries, owners, wantsOutcomes };
}

test("results and rows match the order of arrival, however requests are batched", () => {
  fc.assert(
    fc.property(
      fc.array(anyRequest, { maxLength: 12 }),
      anyRows,
      fc.integer({ min: 1, max: 20 }),
      (requests, initial, maxEntries) => {
        const modelRows = new Set(initial);
        const expected = requests.map((request) => syncModel(modelRows, request));

        const rows = new Set(initial);
        const all = requests.map(syncRequest);
        const results = new Map<SyncRequest, SyncResult>();
        let queue = all;
        while (queue.length > 0) {
          const batch = planBatch(queue, { maxEntries, isBusy: noneBusy });
          expect(batch.requests.length).toBeGreaterThan(0);
          shareResults(batch, applyBatch(rows, batch)).forEach((share, n) => {
            results.set(batch.requests[n] as SyncRequest, share);
          });
          queue = queue.filter((request) => !results.has(request));
        }
        const actual = all.map((request) => results.get(request));

        expect(actual).toEqual(expected);
        expect(rows).toEqual(modelRows);
      },
    ),
    { numRuns: 2_000 },
  );
});

test("each pair appears once, and the pairs are in order", () => {
  fc.assert(
    fc.property(fc.array(anyRequest, { minLength: 1 }), (requests) => {
      const { inserts, deletes } = planBatch(requests.map(syncRequest), {
        maxEntries: 1_000,
        isBusy: noneBusy,
      });
      for (const keys of [inserts, deletes].map((pairs) =>
        pairs.map((pair) => pairKey(pair.appId, pair)),
      )) {
        expect(keys).toEqual([...new Set(keys)].sort());
      }
    }),
  );
});

const add = (ownerId: string) => ({ ownerId, contactId: "x", isDeleted: false });
const remove = (ownerId: string) => ({ ownerId, contactId: "x", isDeleted: true });
const sync = (...entries: SyncEntry[]) => syncRequest({ appId: 1, entries });

interface Case {
  readonly requests: SyncRequest[];
  readonly maxEntries?: number;
  /** The pair that another transaction holds. */
  readonly busy?: SyncEntry;
  /** The positions of the requests that share the next transaction. */
  readonly taken: number[];
}

const cases: Record<string, Case> = {
  "distinct pairs": { requests: [sync(add("a")), sync(add("b"))], taken: [0, 1] },
  "the same pair in two apps": {
    requests: [sync(remove("a")), syncRequest({ appId: 2, entries: [add("a")] })],
    taken: [0, 1],
  },
  "an insertion, then its deletion": {
    requests: [sync(add("a")), sync(remove("a"))],
    taken: [0, 1],
  },
  "a deletion, then the same pair again, then another": {
    requests: [sync(remove("a")), sync(add("a")), sync(add("b"))],
    taken: [0, 2],
  },
  "requests that share a pair with a request that waits": {
    requests: [sync(remove("a")), sync(add("a"), add("b")), sync(add("b")), sync(add("c"))],
    taken: [0, 3],
  },
  "more entries than a batch may have": {
    requests: [sync(add("a")), sync(add("b"))],
    maxEntries: 1,
    taken: [0],
  },
  "a first request that is over the limit itself": {
    requests: [sync(add("a"), add("b")), sync(add("c"))],
    maxEntries: 1,
    taken: [0],
  },
  "a request that touches a busy pair": {
    requests: [sync(add("a")), sync(add("b"))],
    busy: add("a"),
    taken: [1],
  },
  "a request that touches another pair of the same owner": {
    requests: [sync({ ...add("a"), contactId: "y" })],
    busy: add("a"),
    taken: [0],
  },
  "only requests of a busy pair": {
    requests: [sync(add("a")), sync(remove("a"))],
    busy: add("a"),
    taken: [],
  },
};

test.each(Object.entries(cases))("%s", (_, { requests, maxEntries = 100, busy, taken }) => {
  const isBusy = (owner: string, contactId: string) =>
    busy !== undefined && owner === ownerKey(1, busy.ownerId) && contactId === busy.contactId;
  const batch = planBatch(requests, { maxEntries, isBusy });
  expect(batch.requests).toEqual(taken.map((n) => requests[n]));
});

test("in a shared transaction, requests with wantsOutcomes get the outcome of each entry", () => {
  const entries = [add("a"), remove("b"), add("a"), remove("a"), remove("b"), add("c")];
  const withOutcomes = (...list: SyncEntry[]) =>
    syncRequest({ appId: 1, entries: list, wantsOutcomes: true });
  const requests = [
    withOutcomes(...entries),
    sync(add("d"), remove("a")),
    withOutcomes(add("d"), remove("c")),
  ];
  const batch = planBatch(requests, { maxEntries: 100, isBusy: noneBusy });
  const rows = new Set([pairKey(1, add("b"))]);
  expect(shareResults(batch, applyBatch(rows, batch))).toStrictEqual([
    {
      inserted: 2,
      deleted: 2,
      outcomes: ["INSERTED", "DELETED", "EXISTED", "DELETED", "MISSING", "INSERTED"],
    },
    { inserted: 1, deleted: 0 },
    { inserted: 0, deleted: 1, outcomes: ["EXISTED", "DELETED"] },
  ]);
});

const ofApp = (appId: number, ...entries: SyncEntry[]) => syncRequest({ appId, entries });

/** Batches that take everything, one after another, with positions that the test does not change. */
function namesOf(requests: readonly SyncRequest[], taken: readonly SyncRequest[]): number[] {
  return taken.map((request) => requests.indexOf(request));
}

test("apps share a batch that has no room for all", () => {
  const requests = [
    ...["a", "b", "c", "d"].map((owner) => ofApp(1, add(owner))),
    ...["a", "b"].map((owner) => ofApp(2, add(owner))),
  ];
  const batch = planBatch(requests, { maxEntries: 4, isBusy: noneBusy });
  expect(namesOf(requests, batch.requests)).toEqual([0, 4, 1, 5]);
});

test("an app that has got more than another one comes after it", () => {
  const requests = [ofApp(1, add("a")), ofApp(2, add("a"))];
  const positionOf = (appId: number) => (appId === 1 ? 10 : 5);
  const batch = planBatch(requests, { maxEntries: 1, isBusy: noneBusy, positionOf });
  expect(namesOf(requests, batch.requests)).toEqual([1]);
});

test("a request that has no room lets other apps go first, but not later requests of its app", () => {
  const requests = [
    ofApp(2, add("a")),
    ofApp(1, ...Array.from({ length: 10 }, (_, n) => add(`a${n}`))),
    ofApp(1, add("b")),
    ofApp(3, add("c")),
  ];
  const batch = planBatch(requests, { maxEntries: 10, isBusy: noneBusy });
  expect(namesOf(requests, batch.requests)).toEqual([0, 3]);
});

test("requests that wait for busy pairs take no room from those of other apps", () => {
  const requests = [
    ofApp(1, ...Array.from({ length: 20 }, (_, n) => add(`a${n}`))),
    ofApp(2, add("a"), add("b")),
  ];
  const isBusy = (owner: string) => owner === ownerKey(1, "a0");
  const batch = planBatch(requests, { maxEntries: 10, isBusy });
  expect(namesOf(requests, batch.requests)).toEqual([1]);
});
