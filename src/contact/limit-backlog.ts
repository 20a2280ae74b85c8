import { fault } from "../errors.ts";
import type { Backlog } from "./backlog.ts";
import type { Backlogs } from "./backlogs.ts";
import type { ContactReader, ContactReplacer, ContactSyncer } from "./contact-store.ts";

type LimitedStore = ContactSyncer & ContactReader & ContactReplacer;

/**
 * Rejects the calls of an app that has too much work of a kind pending.
 *
 * @throws Fault OVERLOADED
 */
export function limitBacklog(store: LimitedStore, backlogs: Backlogs): LimitedStore {
  const { syncs, reads, "long-reads": longReads, replacements } = backlogs;
  return {
    sync: (appId, entries, options) =>
      within(syncs, appId, entries.length, () => store.sync(appId, entries, options)),
    listContacts: (appId, id, page, options) =>
      within(reads, appId, page.size, () => store.listContacts(appId, id, page, options)),
    listOwners: (appId, id, page, options) =>
      within(reads, appId, page.size, () => store.listOwners(appId, id, page, options)),
    check: (appId, pairs, options) =>
      within(reads, appId, pairs.length, () => store.check(appId, pairs, options)),
    listMutual: (appId, id, page, options) =>
      within(longReads, appId, 1, () => store.listMutual(appId, id, page, options)),
    count: (appId, id, options) =>
      within(longReads, appId, 1, () => store.count(appId, id, options)),
    fingerprint: (appId, id, options) =>
      within(longReads, appId, 1, () => store.fingerprint(appId, id, options)),
    replace: (appId, id, replacement, options) =>
      within(replacements, appId, replacement.contactIds.length + 1, () =>
        store.replace(appId, id, replacement, options),
      ),
  };
}

async function within<T>(
  backlog: Backlog,
  appId: number,
  amount: number,
  work: () => Promise<T>,
): Promise<T> {
  if (!backlog.add(appId, amount)) throw fault("OVERLOADED");
  let isDone = false;
  try {
    const result = await work();
    isDone = true;
    return result;
  } finally {
    backlog.remove(appId, amount, isDone);
  }
}
