import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { SyncRequest } from "../../../src/contact/batch.ts";
import { pairKey, planBatch, shareCounts } from "../../../src/contact/batch.ts";
import type { ModelRequest } from "../../support/sync-model.ts";
import { anyRequest, anyRows, applyBatch, syncModel } from "../../support/sync-model.ts";

const noneBusy = () => false;

function waiting({ appId, entries }: ModelRequest, isAlone = false): SyncRequest {
  return { appId, entries, keys: entries.map((entry) => pairKey(appId, entry)), isAlone };
}

test("however requests are joined, counts and rows are those of the order of arrival", () => {
  fc.assert(
    fc.property(
      fc.array(anyRequest, { maxLength: 12 }),
      anyRows,
      fc.integer({ min: 1, max: 20 }),
      (requests, initial, maxEntries) => {
        const modelRows = new Set(initial);
        const expected = requests.map((request) => syncModel(modelRows, request));

        const rows = new Set(initial);
        const actual = [];
        let queue = requests.map((request) => waiting(request));
        while (queue.length > 0) {
          const batch = planBatch(queue, { maxEntries, isBusy: noneBusy });
          expect(batch.requests.length).toBeGreaterThan(0);
          actual.push(...shareCounts(batch, applyBatch(rows, batch)));
          queue = queue.slice(batch.requests.length);
        }

        expect(actual).toEqual(expected);
        expect(rows).toEqual(modelRows);
      },
    ),
    { numRuns: 2_000 },
  );
});

test("pairs are named once and in order", () => {
  fc.assert(
    fc.property(fc.array(anyRequest, { minLength: 1 }), (requests) => {
      const { inserts, deletes } = planBatch(
        requests.map((request) => waiting(request)),
        { maxEntries: 1_000, isBusy: noneBusy },
      );
      for (const keys of [inserts, deletes].map((pairs) => pairs.map(({ key }) => key))) {
        expect(keys).toEqual([...new Set(keys)].sort());
      }
    }),
  );
});

const add = (ownerId: string) => ({ ownerId, contactId: "x", isDeleted: false });
const remove = (ownerId: string) => ({ ownerId, contactId: "x", isDeleted: true });

const joined: Record<
  string,
  { requests: SyncRequest[]; maxEntries?: number; busy?: string; size: number }
> = {
  "distinct pairs": {
    requests: [
      waiting({ appId: 1, entries: [add("a")] }),
      waiting({ appId: 2, entries: [add("a")] }),
    ],
    size: 2,
  },
  "an insertion, then its deletion": {
    requests: [
      waiting({ appId: 1, entries: [add("a")] }),
      waiting({ appId: 1, entries: [remove("a")] }),
    ],
    size: 2,
  },
  "a deletion, then the same pair again": {
    requests: [
      waiting({ appId: 1, entries: [remove("a")] }),
      waiting({ appId: 1, entries: [add("a")] }),
    ],
    size: 1,
  },
  "more entries than a batch may have": {
    requests: [
      waiting({ appId: 1, entries: [add("a")] }),
      waiting({ appId: 1, entries: [add("b")] }),
    ],
    maxEntries: 1,
    size: 1,
  },
  "a first request that is over the limit itself": {
    requests: [waiting({ appId: 1, entries: [add("a"), add("b")] })],
    maxEntries: 1,
    size: 1,
  },
  "a first request that touches a busy pair": {
    requests: [
      waiting({ appId: 1, entries: [add("a")] }),
      waiting({ appId: 1, entries: [add("b")] }),
    ],
    busy: pairKey(1, add("a")),
    size: 0,
  },
  "a second request that touches a busy pair": {
    requests: [
      waiting({ appId: 1, entries: [add("b")] }),
      waiting({ appId: 1, entries: [add("a")] }),
    ],
    busy: pairKey(1, add("a")),
    size: 1,
  },
  "a first request to be run alone": {
    requests: [
      waiting({ appId: 1, entries: [add("a")] }, true),
      waiting({ appId: 1, entries: [add("b")] }),
    ],
    size: 1,
  },
  "a second request to be run alone": {
    requests: [
      waiting({ appId: 1, entries: [add("a")] }),
      waiting({ appId: 1, entries: [add("b")] }, true),
    ],
    size: 1,
  },
};

test.each(Object.entries(joined))("%s", (_, { requests, maxEntries = 100, busy, size }) => {
  const batch = planBatch(requests, { maxEntries, isBusy: (key) => key === busy });
  expect(batch.requests).toEqual(requests.slice(0, size));
});
