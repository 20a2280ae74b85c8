import { fault } from "../errors.ts";
import type { Backlog } from "./backlog.ts";
import type { ContactSyncer } from "./contact-store.ts";

/**
 * Rejects the syncs of an app that has too much pending. An entry is the unit of work.
 *
 * @throws Fault OVERLOADED
 */
export function limitBacklog(syncer: ContactSyncer, backlog: Backlog): ContactSyncer {
  return {
    async sync(appId, entries, options) {
      if (!backlog.add(appId, entries.length)) throw fault("OVERLOADED");
      let isDone = false;
      try {
        const result = await syncer.sync(appId, entries, options);
        isDone = true;
        return result;
      } finally {
        backlog.remove(appId, entries.length, isDone);
      }
    },
  };
}
