import fc from "fast-check";
import { expect, test } from "vitest";
import { fairOrder } from "../../../src/contact/fair-order.ts";

/** Requests of apps, each with a number of entries, named by their position. */
function pendingOf(...requests: readonly (readonly [appId: number, entries: number])[]) {
  return requests.map(([appId, length], position) => ({ appId, entries: { length }, position }));
}

function orderOf(pending: ReturnType<typeof pendingOf>, maxEntries: number): number[] {
  return [...fairOrder(pending, maxEntries)].map(({ position }) => position);
}

test("requests that all fit are in the order of their arrival", () => {
  expect(orderOf(pendingOf([1, 1], [2, 1], [1, 1]), 3)).toEqual([0, 1, 2]);
});

test("the requests of a single app are in the order of their arrival", () => {
  expect(orderOf(pendingOf([1, 5], [1, 5], [1, 5]), 10)).toEqual([0, 1, 2]);
});

test("an app with few requests does not wait for one with many", () => {
  const pending = pendingOf([1, 2], [1, 2], [1, 2], [1, 2], [2, 2], [2, 2]);
  expect(orderOf(pending, 8)).toEqual([0, 4, 1, 5]);
});

test("apps share by entries, not by requests", () => {
  const pending = pendingOf([1, 4], [1, 4], [2, 1], [2, 1], [2, 1], [2, 1], [2, 1]);
  expect(orderOf(pending, 8)).toEqual([0, 2, 3, 4, 5]);
});

test("a request that does not fit lets smaller ones of other apps go first", () => {
  expect(orderOf(pendingOf([1, 1], [2, 100], [3, 1]), 10)).toEqual([0, 2]);
});

test("the first request may have more entries than fit", () => {
  expect(orderOf(pendingOf([1, 100], [2, 1]), 10)[0]).toBe(0);
});

const requests = fc.array(
  fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 20 })),
);

test("the requests of each app keep their order, and none is missing before one that is there", () => {
  fc.assert(
    fc.property(requests, fc.integer({ min: 1, max: 40 }), (given, maxEntries) => {
      const pending = pendingOf(...given);
      const order = orderOf(pending, maxEntries);
      for (const app of [1, 2, 3, 4]) {
        const all = pending.filter(({ appId }) => appId === app).map(({ position }) => position);
        const taken = order.filter((position) => pending[position]?.appId === app);
        expect(taken).toEqual(all.slice(0, taken.length));
      }
      if (pending.length > 0) expect(order.length).toBeGreaterThan(0);
    }),
  );
});
