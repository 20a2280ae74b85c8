/** A request that waits for a transaction. */
interface Waiting {
  readonly appId: number;
  readonly entries: { readonly length: number };
}

/**
 * The order in which pending requests are considered for a transaction. If all of them fit into one, it is
 * the order of their arrival. Otherwise the apps share the transaction: the next request is the first one
 * of the app with the fewest entries so far, or of two such apps the one that came first. The requests of
 * one app keep their order.
 *
 * @param maxEntries most entries in a transaction; its first request may have more
 */
export function fairOrder<R extends Waiting>(
  pending: readonly R[],
  maxEntries: number,
): Iterable<R> {
  return needsSharing(pending, maxEntries) ? share(pending, maxEntries) : pending;
}

function needsSharing(pending: readonly Waiting[], maxEntries: number): boolean {
  let entries = 0;
  let hasOthers = false;
  for (const request of pending) {
    entries += request.entries.length;
    hasOthers ||= request.appId !== pending[0]?.appId;
    if (hasOthers && entries > maxEntries) return true;
  }
  return false;
}

interface Share<R> {
  readonly requests: R[];
  /** The index of the next request. */
  next: number;
  entries: number;
}

function* share<R extends Waiting>(pending: readonly R[], maxEntries: number): Generator<R> {
  // The shares are in the order in which their first requests arrived.
  const shares = new Map<number, Share<R>>();
  for (const request of pending) {
    const found = shares.get(request.appId);
    if (found === undefined)
      shares.set(request.appId, { requests: [request], next: 0, entries: 0 });
    else found.requests.push(request);
  }
  let left = maxEntries;
  while (shares.size > 0) {
    const [appId, smallest] = leastOf(shares);
    const request = smallest.requests[smallest.next] as R;
    const { length } = request.entries;
    const isLast = smallest.next + 1 === smallest.requests.length;
    if (left < maxEntries && length > left) {
      // It begins a later transaction. Smaller requests of other apps still fit.
      shares.delete(appId);
      continue;
    }
    smallest.next += 1;
    smallest.entries += length;
    left -= length;
    if (isLast) shares.delete(appId);
    yield request;
  }
}

function leastOf<R>(shares: ReadonlyMap<number, Share<R>>): [number, Share<R>] {
  let least: [number, Share<R>] | undefined;
  for (const entry of shares) {
    if (least === undefined || entry[1].entries < least[1].entries) least = entry;
  }
  return least as [number, Share<R>];
}
