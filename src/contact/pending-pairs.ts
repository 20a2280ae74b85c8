import type { IsBusy } from "./batch.ts";
import { addPairs } from "./batch.ts";
import { PairMap } from "./pair-map.ts";
import type { SyncQueue } from "./sync-queue.ts";

/** The given pairs, and those of the requests in the queue. */
export function withPairsOf({ pending }: SyncQueue, isBusy: IsBusy): IsBusy {
  const earlier = new PairMap<true>();
  for (const request of pending) addPairs(request, earlier);
  return (owner, contactId) => earlier.has(owner, contactId) || isBusy(owner, contactId);
}
