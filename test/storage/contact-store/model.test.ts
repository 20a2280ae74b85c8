import fc from "fast-check";
import { expect, test } from "vitest";
import type { SyncEntry } from "../../../src/contact/sync.ts";
import { createSuite } from "../../support/store-suite.ts";
import { sorted, unhurried } from "../support/pairs.ts";

const suite = createSuite();

/** Few ids, so that syncs have pairs in common. */
const id = fc.constantFrom("1", "2", "3", "a", "A", "é", "😀");
const sync = fc.array(fc.record({ ownerId: id, contactId: id, isDeleted: fc.boolean() }), {
  maxLength: 12,
});

/** The contacts of an app as a set. A sync inserts first and deletes last. */
class ContactSet {
  readonly #pairs = new Set<string>();

  sync(entries: readonly SyncEntry[]) {
    const before = new Set(this.#pairs);
    for (const entry of entries) if (!entry.isDeleted) this.#pairs.add(keyOf(entry));
    const between = new Set(this.#pairs);
    for (const entry of entries) if (entry.isDeleted) this.#pairs.delete(keyOf(entry));
    return {
      inserted: between.difference(before).size,
      deleted: between.difference(this.#pairs).size,
    };
  }

  get pairs() {
    return [...this.#pairs].map((key) => {
      const [ownerId, contactId] = JSON.parse(key);
      return { ownerId, contactId };
    });
  }
}

function keyOf({ ownerId, contactId }: SyncEntry): string {
  return JSON.stringify([ownerId, contactId]);
}

test("any sequence of syncs has the effects and counts of a model", async () => {
  const { store } = await suite.open();
  const sequences = fc.array(sync, { minLength: 1, maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(sequences, async (syncs) => {
      const appId = suite.newApp();
      const model = new ContactSet();
      for (const entries of syncs) {
        const counts = await store.sync(appId, entries, unhurried);
        expect(counts).toEqual(model.sync(entries));
      }
      expect(sorted(await suite.contactsOf(appId))).toEqual(sorted(model.pairs));
    }),
    { numRuns: 60 },
  );
});
