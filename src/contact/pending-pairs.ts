import type { Batch, IsBusy } from "./batch.ts";
import { addPairs } from "./batch.ts";
import { PairMap } from "./pair-map.ts";
import type { PendingSync } from "./pending-sync.ts";
import type { SyncQueue } from "./sync-queue.ts";

/** Whether a request has a pair of the batch. */
export function sharesPair({ entries, owners }: PendingSync, { pairs }: Batch): boolean {
  return entries.some(({ contactId }, n) => pairs.has(owners[n] as string, contactId));
}

/** The given pairs, and those of the requests in the queue. */
export function withPairsOf({ pending }: SyncQueue, isBusy: IsBusy): IsBusy {
  const earlier = new PairMap<true>();
  for (const request of pending) addPairs(request, earlier);
  return (owner, contactId) => earlier.has(owner, contactId) || isBusy(owner, contactId);
}
