import { PairMap } from "./pair-map.ts";
import type { SyncEntry, SyncOutcome, SyncResult } from "./sync.ts";

/** A sync as it waits to be run. */
export interface SyncRequest {
  readonly appId: number;
  readonly entries: readonly SyncEntry[];
  /** `ownerKey` of each entry, in the same order. */
  readonly owners: readonly string[];
  /** Whether the caller asked what became of each entry. */
  readonly wantsOutcomes: boolean;
}

/** A pair that a batch touches, and which of its requests first inserts or deletes it. */
export interface BatchPair {
  readonly appId: number;
  readonly ownerId: string;
  readonly contactId: string;
  firstInsert: number | undefined;
  firstDelete: number | undefined;
}

/**
 * Requests that share one transaction: all insertions, then all deletions. Each list names a pair once
 * and is sorted, so that transactions take their row locks in the same order everywhere.
 */
export interface Batch<R extends SyncRequest = SyncRequest> {
  readonly requests: readonly R[];
  readonly pairs: PairMap<BatchPair>;
  readonly inserts: readonly BatchPair[];
  readonly deletes: readonly BatchPair[];
}

/** Which pairs of a batch were really inserted and really deleted, as the database reports it. */
export interface BatchReport {
  readonly inserted: readonly BatchPair[];
  readonly deleted: readonly BatchPair[];
}

export interface BatchLimits {
  /** Most entries in a batch; a single request may have more. */
  readonly maxEntries: number;
  /** Pairs that a request has to wait for, such as those of transactions under way. */
  readonly isBusy: IsBusy;
}

/** @param owner by its `ownerKey` */
export type IsBusy = (owner: string, contactId: string) => boolean;

/**
 * Joins waiting requests, as many as can share a transaction so that each gets what it would have got had
 * all run one after another, in the order of arrival.
 *
 * Insertions before deletions is the serial order as long as no request inserts a pair that an earlier
 * one deletes. A request that does so has to wait, as has one that touches a pair of a transaction under
 * way; whatever shares a pair with a request that waits, waits behind it. The others may overtake: what
 * has no pair in common gives the same in either order.
 *
 * @returns a batch of requests of `waiting`, in their order; of none, where all have to wait
 */
export function planBatch<R extends SyncRequest>(
  waiting: Iterable<R>,
  { maxEntries, isBusy }: BatchLimits,
): Batch<R> {
  const requests: R[] = [];
  const pairs = new PairMap<BatchPair>();
  const blocked = new PairMap<true>();
  const isBlocked: IsBusy = (owner, contactId) =>
    blocked.has(owner, contactId) || isBusy(owner, contactId);
  let entries = 0;
  for (const request of waiting) {
    if (requests.length > 0 && entries + request.entries.length > maxEntries) break;
    if (fits(request, pairs, isBlocked)) {
      add(request, requests.length, pairs);
      requests.push(request);
      entries += request.entries.length;
    } else {
      addPairs(request, blocked);
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
 * Each request's share: a pair that was really inserted counts for the first request that inserts it,
 * one that was really deleted for the first that deletes it. To the others it was there, or gone.
 */
export function shareResults(batch: Batch, report: BatchReport): SyncResult[] {
  const { inserted, deleted } = withVanished(batch, report);
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

/**
 * Adds the pairs that were there at the insertions and gone at the deletions: another process deleted them
 * in between. Had it done so before the batch, they would have been inserted and then deleted, and would be
 * gone all the same. So that is what is reported: a request that does both could in no order find the pair
 * for its insertion, and not for its deletion.
 */
function withVanished(batch: Batch, report: BatchReport): BatchReport {
  const both = batch.deletes.filter(({ firstInsert }) => firstInsert !== undefined);
  if (both.length === 0) return report;
  const seen = new Set([...report.inserted, ...report.deleted]);
  const vanished = both.filter((pair) => !seen.has(pair));
  return {
    inserted: [...report.inserted, ...vanished],
    deleted: [...report.deleted, ...vanished],
  };
}

/** What became of each entry of a request: only the first of those that name a pair changed it. */
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
