import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { inByteOrder } from "../../support/fingerprint.ts";
import { createSuite } from "../../support/store-suite.ts";
import { addPairs, anyId, lists } from "../support/lists.ts";
import { plan, unhurried } from "../support/pairs.ts";
import { idsOf, walk } from "../support/walk.ts";

const suite = createSuite();

/** What happens between two pages. */
const change = fc.record({ add: fc.array(anyId), remove: fc.array(anyId) });

const scenario = fc.record({
  before: fc.uniqueArray(anyId),
  changes: fc.array(change, { minLength: 1, maxLength: 6 }),
  size: fc.integer({ min: 1, max: 4 }),
});

describe.each(lists)("a walk through a list of $name that changes during the walk", (list) => {
  test("shows each id once, every id that stayed, and no other id", async () => {
    const { store } = await suite.open();
    await fc.assert(
      fc.asyncProperty(scenario, async ({ before, changes, size }) => {
        const appId = suite.newApp();
        const pairsOf = (ids: readonly string[]) => ids.flatMap((id) => list.pairsOf("me", id));
        await addPairs(store, appId, pairsOf(before));
        const everThere = new Set(before);
        const stayed = new Set(before);

        const toCome = [...changes];
        const shown = await walk(
          (page) => list.read(store, appId, "me", page),
          size,
          async () => {
            const { add, remove } = toCome.shift() ?? { add: [], remove: [] };
            await store.sync(
              appId,
              plan({ insert: pairsOf(add), remove: pairsOf(remove) }),
              unhurried,
            );
            for (const id of add) everThere.add(id);
            for (const id of remove) stayed.delete(id);
          },
        );

        const ids = idsOf(shown);
        expect(ids).toEqual(inByteOrder(ids));
        expect([...stayed].filter((id) => !ids.includes(id))).toEqual([]);
        expect(ids.filter((id) => !everThere.has(id))).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });
});
