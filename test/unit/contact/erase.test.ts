import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { StoreOptions } from "../../../src/contact/contact-store.ts";
import { createContactEraser } from "../../../src/contact/erase.ts";
import type { Page, PageRequest } from "../../../src/contact/page.ts";
import type { SyncEntry } from "../../../src/contact/sync.ts";
import { pairKey, syncModel } from "../../support/sync-model.ts";

const appId = 1;
const noTimeout: StoreOptions = { signal: new AbortController().signal };

interface Step {
  readonly read?: string | undefined;
  readonly deleted?: number;
}

/** A store in memory. `onStep` runs before each step and may change the rows. */
function createModel(pairs: readonly [string, string][], onStep: (rows: Set<string>) => void) {
  const keyOf = (ownerId: string, contactId: string) => pairKey(appId, { ownerId, contactId });
  const rows = new Set(pairs.map((pair) => keyOf(...pair)));
  const steps: Step[] = [];
  const read = (isIn: (owner: string, contact: string) => string | undefined) => {
    return async ({ after = "", size }: PageRequest): Promise<Page> => {
      onStep(rows);
      steps.push({ read: after });
      const ids = [...rows]
        .map((key) => key.split("\0"))
        .map(([, owner = "", contact = ""]) => isIn(owner, contact))
        .filter((id) => id !== undefined && id > after)
        .sort() as string[];
      const entries = ids.slice(0, size).map((id) => ({ id, createdAtMicros: 0 }));
      return { entries, nextAfter: ids.length > size ? ids[size - 1] : undefined };
    };
  };
  const eraser = createContactEraser({
    reader: {
      listContacts: (_, user, page) =>
        read((owner, contact) => (owner === user ? contact : undefined))(page),
      listOwners: (_, user, page) =>
        read((owner, contact) => (contact === user ? owner : undefined))(page),
    },
    syncer: {
      async sync(app, entries: readonly SyncEntry[]) {
        onStep(rows);
        expect(entries.every(({ isDeleted }) => isDeleted)).toBe(true);
        const counts = syncModel(rows, { appId: app, entries });
        steps.push({ deleted: entries.length });
        return counts;
      },
    },
  });
  return { eraser, rows, steps, keyOf };
}

const numbered = (count: number) => Array.from({ length: count }, (_, n) => `u${1_000_000 + n}`);

test("erase deletes the user's pairs in both directions, and no others", async () => {
  const id = fc.constantFrom("me", "a", "b", "c");
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(fc.tuple(id, id), { selector: String }), async (pairs) => {
      const { eraser, rows, keyOf } = createModel(pairs, () => {});
      const owned = pairs.filter(([owner]) => owner === "me");
      const listed = pairs.filter(([owner, contact]) => owner !== "me" && contact === "me");
      expect(await eraser.erase(appId, "me", noTimeout)).toEqual({
        asOwner: owned.length,
        asContact: listed.length,
      });
      const kept = pairs.filter((pair) => !pair.includes("me"));
      expect([...rows].sort()).toEqual(kept.map((pair) => keyOf(...pair)).sort());
    }),
  );
});

test("no step has more than 1,000 entries, and each list is read once", async () => {
  const mine = numbered(2_500).map((id): [string, string] => ["me", id]);
  const theirs = numbered(1_000).map((id): [string, string] => [id, "me"]);
  const { eraser, steps } = createModel([...mine, ...theirs], () => {});
  expect(await eraser.erase(appId, "me", noTimeout)).toEqual({ asOwner: 2_500, asContact: 1_000 });
  expect(steps).toEqual([
    { read: "" },
    { deleted: 1_000 },
    { read: "u1000999" },
    { deleted: 1_000 },
    { read: "u1001999" },
    { deleted: 500 },
    { read: "" },
    { deleted: 1_000 },
  ]);
});

test("erase ends while others keep adding contacts, and counts the deleted pairs", async () => {
  const mine = numbered(1_500).map((id): [string, string] => ["me", id]);
  let added = 0;
  const { eraser, rows } = createModel(mine, (all) => {
    all.add(pairKey(appId, { ownerId: "me", contactId: `a${added}` }));
    added += 1;
  });
  const { asOwner } = await eraser.erase(appId, "me", noTimeout);
  expect(asOwner + rows.size).toBe(1_500 + added);
  expect(rows.size).toBeGreaterThan(0);
});

test("pairs that others delete first are not counted", async () => {
  let steps = 0;
  const pairs: [string, string][] = [
    ["me", "a"],
    ["me", "b"],
  ];
  const { eraser } = createModel(pairs, (rows) => {
    steps += 1;
    if (steps === 2) rows.delete(pairKey(appId, { ownerId: "me", contactId: "a" }));
  });
  expect(await eraser.erase(appId, "me", noTimeout)).toEqual({ asOwner: 1, asContact: 0 });
});

test.each([0, 1, 2, 3, 4, 5])(
  "erase stops when the caller cancels after %i steps",
  async (last) => {
    const mine = numbered(2_500).map((id): [string, string] => ["me", id]);
    const caller = new AbortController();
    const reason = new Error("the caller cancelled");
    let taken = 0;
    if (last === 0) caller.abort(reason);
    const { eraser, steps } = createModel(mine, () => {
      taken += 1;
      if (taken === last) caller.abort(reason);
    });
    const call = eraser.erase(appId, "me", { signal: caller.signal });
    await expect(call).rejects.toBe(reason);
    expect(steps).toHaveLength(last);
  },
);
