import { fault } from "../errors.ts";
import type { Backlog } from "./backlog.ts";
import type { ContactSyncer } from "./contact-store.ts";

/**
 * Rejects the syncs of an app that has too much pending. An entry is the unit of work.
 *
 * The promise rejects with Fault OVERLOADED.
 */
export function limitBacklog(syncer: ContactSyncer, backlog: Backlog): ContactSyncer {
  return {
    sync(appId, entries, options) {
      if (!backlog.add(appId, entries.length)) return Promise.reject(fault("OVERLOADED"));
      const result = syncer.sync(appId, entries, options);
      result.then(
        () => backlog.remove(appId, entries.length, true),
        () => backlog.remove(appId, entries.length, false),
      );
      return result;
    },
  };
}
