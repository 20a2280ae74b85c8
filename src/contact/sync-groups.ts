import type { Batch } from "./batch.ts";
import type { PendingSync } from "./pending-sync.ts";
import type { SyncEntry } from "./sync.ts";

/** Decides which pending syncs can share a transaction. */
export interface SyncGroups {
  /** The group of a sync. */
  groupOf(entries: readonly SyncEntry[]): number;
  /**
   * The pending syncs of each group. The group with the fewest transactions in flight comes first, and of those
   * the one whose first sync arrived first. Each group has the order of arrival.
   */
  split(
    pending: readonly PendingSync[],
    inFlight: readonly Batch<PendingSync>[],
  ): Iterable<readonly PendingSync[]>;
}

/** All syncs can share a transaction. */
export const oneGroup: SyncGroups = {
  groupOf: () => 0,
  split: (pending) => [pending],
};

export function createSyncGroups(groupOf: SyncGroups["groupOf"]): SyncGroups {
  return {
    groupOf,
    split(pending, inFlight) {
      const groups = Map.groupBy(pending, ({ group }) => group);
      const busy = (group: number) =>
        inFlight.filter(({ requests }) => requests[0]?.group === group).length;
      return [...groups.entries()]
        .map(([group, requests]) => ({ requests, busy: busy(group) }))
        .sort((a, b) => a.busy - b.busy)
        .map(({ requests }) => requests);
    },
  };
}
