import type { ContactEraser, ContactReader, ContactSyncer } from "./contact-store.ts";
import type { Page, PageRequest } from "./page.ts";
import type { SyncEntry } from "./sync.ts";

/** Number of contacts that one step reads and deletes. */
const stepSize = 1_000;

export interface EraserOptions {
  readonly reader: Pick<ContactReader, "listContacts" | "listOwners">;
  readonly syncer: ContactSyncer;
}

/**
 * Erases users in steps. A step reads a page of a list and deletes its pairs with a sync. Each list is
 * walked once, in the order of its keys, so the walk ends even if other calls add to the list. Pairs that
 * are added behind the current page stay; the next erasure removes them.
 */
export function createContactEraser({ reader, syncer }: EraserOptions): ContactEraser {
  return {
    async erase(appId, userId, options) {
      const { signal } = options;

      async function walk(
        readPage: (request: PageRequest) => Promise<Page>,
        toPair: (id: string) => Omit<SyncEntry, "isDeleted">,
      ): Promise<number> {
        let total = 0;
        let after: string | undefined;
        do {
          signal.throwIfAborted();
          const page = await readPage({ after, size: stepSize });
          if (page.entries.length === 0) return total;
          signal.throwIfAborted();
          const entries = page.entries.map(({ id }) => ({ ...toPair(id), isDeleted: true }));
          total += (await syncer.sync(appId, entries, options)).deleted;
          after = page.nextAfter;
        } while (after !== undefined);
        return total;
      }

      // The user's own list comes first: a user who is their own contact counts in it.
      const asOwner = await walk(
        (page) => reader.listContacts(appId, userId, page, options),
        (contactId) => ({ ownerId: userId, contactId }),
      );
      const asContact = await walk(
        (page) => reader.listOwners(appId, userId, page, options),
        (ownerId) => ({ ownerId, contactId: userId }),
      );
      return { asOwner, asContact };
    },
  };
}
