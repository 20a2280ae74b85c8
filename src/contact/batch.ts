import type { FairWork } from "./fair-lanes.ts";
import { FairLanes } from "./fair-lanes.ts";
import { PairMap } from "./pair-map.ts";
import type { SyncEntry, SyncOutcome, SyncResult } from "./sync.ts";

/** A sync that is to be run. */
export interface SyncRequest {
  readonly appId: number;
  readonly entries: readonly SyncEntry[];
  /** `ownerKey` of each entry, in the same order. */
  readonly owners: readonly string[];
  /** Whether the caller wants the outcome of each entry. */
  readonly wantsOutcomes: boolean;
}

/** A pair that a batch changes, and the positions of the first requests that insert and delete it. */
export interface BatchPair {
  readonly appId: number;
  readonly ownerId: string;
  readonly contactId: string;
  firstInsert: number | undefined;
  firstDelete: number | undefined;
}

/**
 * Requests that share one transaction: all insertions, then all deletions. Each list has a pair once and
 * is sorted. So all transactions lock rows in the same order.
 */
export interface Batch<R extends SyncRequest = SyncRequest> {
  readonly requests: readonly R[];
  readonly pairs: PairMap<BatchPair>;
  readonly inserts: readonly BatchPair[];
  readonly deletes: readonly BatchPair[];
}

/** The pairs of a batch that were really inserted and really deleted, as the database reports them. */
export interface BatchReport {
  readonly inserted: readonly BatchPair[];
  readonly deleted: readonly BatchPair[];
}

export interface BatchLimits {
  /** Most entries in a batch. A single request may have more. */
  readonly maxEntries: number;
  /** Pairs that a request has to wait for, such as those of transactions in flight. */
  readonly isBusy: IsBusy;
  /** The position of an app among those that share the transaction; see `FairShares`. Absent: all are equal. */
  readonly positionOf?: (appId: number) => number;
}

/**
 * Most entries of requests that have to wait that one plan looks at. It limits the time of a plan when many
 * requests change the same pairs.
 */
const maxBlockedEntries = 20_000;

/** @param owner the `ownerKey` of the owner */
export type IsBusy = (owner: string, contactId: string) => boolean;

/**
 * Joins pending requests: as many as can share a transaction. Each gets the result that it would get if
 * all requests ran one after another, in the order of their arrival.
 *
 * A transaction inserts first and deletes last. This is the same as the order of arrival if no request
 * inserts a pair that an earlier request deletes. A request that does so has to wait. A request also
 * waits for busy pairs, and for the pairs of earlier requests that wait. Other requests may overtake:
 * requests with no pair in common give the same results in either order.
 *
 * Apps share a transaction that has no room for all. If the next request of an app does not fit, the app gets
 * no more of this transaction, so that its smaller requests do not delay a large one again and again.
 *
 * @param pending in the order of their arrival
 * @returns a batch of pending requests; an empty batch if all have to wait
 */
export function planBatch<R extends SyncRequest>(
  pending: readonly R[],
  { maxEntries, isBusy, positionOf = () => 0 }: BatchLimits,
): Batch<R> {
  const lanes = new FairLanes<FairWork & { readonly request: R }>(positionOf);
  for (const request of pending) {
    lanes.push({ appId: request.appId, amount: request.entries.length, request });
  }
  const requests: R[] = [];
  const pairs = new PairMap<BatchPair>();
  const blocked = new PairMap<true>();
  const isBlocked: IsBusy = (owner, contactId) =>
    blocked.has(owner, contactId) || isBusy(owner, contactId);
  let room = maxEntries;
  let blockedRoom = maxBlockedEntries;
  while (room > 0 && blockedRoom > 0) {
    const next = lanes.shift();
    if (next === undefined) break;
    const { appId, amount, request } = next;
    if (requests.length > 0 && amount > room) {
      lanes.removeApp(appId);
    } else if (fits(request, pairs, isBlocked)) {
      add(request, requests.length, pairs);
      requests.push(request);
      room -= amount;
    } else {
      addPairs(request, blocked);
      blockedRoom -= amount;
    }
  }
  const all = pairs.sorted();
  return {
    requests,
    pairs,
    inserts: all.filter((pair) => pair.firstInsert !== undefined),
    deletes: all.filter((pair) => pair.firstDelete !== undefined),
  };
}

/** Whether a request changes a pair that the batch changes too. */
export function sharesPair({ entries, owners }: SyncRequest, { pairs }: Batch): boolean {
  return entries.some(({ contactId }, n) => pairs.has(owners[n] as string, contactId));
}

/** Adds the pairs of a request to a set of them. */
export function addPairs({ entries, owners }: SyncRequest, pairs: PairMap<true>): void {
  entries.forEach(({ contactId }, n) => {
    pairs.set(owners[n] as string, contactId, true);
  });
}

function fits(
  { entries, owners }: SyncRequest,
  pairs: PairMap<BatchPair>,
  isBlocked: IsBusy,
): boolean {
  return entries.every(({ contactId, isDeleted }, n) => {
    const owner = owners[n] as string;
    const isInsertedAgain = !isDeleted && pairs.get(owner, contactId)?.firstDelete !== undefined;
    return !isInsertedAgain && !isBlocked(owner, contactId);
  });
}

function add(
  { appId, entries, owners }: SyncRequest,
  index: number,
  pairs: PairMap<BatchPair>,
): void {
  for (let n = 0; n < owners.length; n++) {
    const owner = owners[n] as string;
    const { ownerId, contactId, isDeleted } = entries[n] as SyncEntry;
    let pair = pairs.get(owner, contactId);
    if (pair === undefined) {
      pair = { appId, ownerId, contactId, firstInsert: undefined, firstDelete: undefined };
      pairs.set(owner, contactId, pair);
    }
    if (isDeleted) pair.firstDelete ??= index;
    else pair.firstInsert ??= index;
  }
}

/**
 * The result of each request. A pair that was really inserted counts for the first request that inserts
 * it. A pair that was really deleted counts for the first request that deletes it. The other requests
 * found the pair present, or missing.
 */
export function shareResults(batch: Batch, report: BatchReport): SyncResult[] {
  const { inserted, deleted } = report;
  const shares = batch.requests.map(() => ({ inserted: 0, deleted: 0 }));
  for (const { firstInsert } of inserted) {
    const share = shares[firstInsert ?? -1];
    if (share !== undefined) share.inserted += 1;
  }
  for (const { firstDelete } of deleted) {
    const share = shares[firstDelete ?? -1];
    if (share !== undefined) share.deleted += 1;
  }
  if (!batch.requests.some(({ wantsOutcomes }) => wantsOutcomes)) return shares;
  const insertedPairs = new Set(inserted);
  const deletedPairs = new Set(deleted);
  return shares.map((share, n) =>
    batch.requests[n]?.wantsOutcomes
      ? { ...share, outcomes: outcomesOf(batch, n, insertedPairs, deletedPairs) }
      : share,
  );
}

/** The outcome of each entry of a request. Only the first entry that names a pair changed it. */
function outcomesOf(
  { requests, pairs }: Batch,
  index: number,
  inserted: Set<BatchPair>,
  deleted: Set<BatchPair>,
): SyncOutcome[] {
  const { entries = [], owners = [] } = requests[index] ?? {};
  const insertedBefore = new Set<BatchPair>();
  const deletedBefore = new Set<BatchPair>();
  return entries.map(({ contactId, isDeleted }, n) => {
    const pair = pairs.get(owners[n] as string, contactId) as BatchPair;
    const before = isDeleted ? deletedBefore : insertedBefore;
    const isFirst =
      !before.has(pair) && (isDeleted ? pair.firstDelete : pair.firstInsert) === index;
    before.add(pair);
    if (isDeleted) return isFirst && deleted.has(pair) ? "DELETED" : "MISSING";
    return isFirst && inserted.has(pair) ? "INSERTED" : "EXISTED";
  });
}
