import { describe, expect, test } from "vitest";
import type { Batch } from "../../../src/contact/batch.ts";
import { PendingSync } from "../../../src/contact/pending-sync.ts";
import { createSyncGroups, oneGroup } from "../../../src/contact/sync-groups.ts";

const signal = new AbortController().signal;

/** Syncs of these groups, in the order of their arrival. */
function syncsOf(groups: readonly number[]): PendingSync[] {
  return groups.map((group, n) => {
    const entries = [{ ownerId: `o${n}`, contactId: "c", isDeleted: false }];
    return new PendingSync(1, entries, { signal }, group);
  });
}

const inFlight = (groups: readonly number[]) =>
  syncsOf(groups).map((request) => ({ requests: [request] }) as unknown as Batch<PendingSync>);

describe("syncs of several groups", () => {
  const groups = createSyncGroups(() => 0);
  const split = (pending: readonly number[], busy: readonly number[]) =>
    [...groups.split(syncsOf(pending), inFlight(busy))].map((part) =>
      part.map(({ group, entries }) => `${group}:${entries[0]?.ownerId}`),
    );

  test("are separated, and keep their order", () => {
    expect(split([2, 1, 2, 3], [])).toEqual([["2:o0", "2:o2"], ["1:o1"], ["3:o3"]]);
  });

  test("begin with the group that has the fewest transactions in flight", () => {
    expect(split([2, 1, 3], [2, 2, 3])).toEqual([["1:o1"], ["3:o2"], ["2:o0"]]);
  });
});

test("without groups, all syncs are one part", () => {
  const pending = syncsOf([0, 0]);
  expect([...oneGroup.split(pending, [])]).toEqual([pending]);
});
