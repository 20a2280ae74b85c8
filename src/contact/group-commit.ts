import { Fault, fault } from "../errors.ts";
import type { Batch, IsBusy } from "./batch.ts";
import { planBatch } from "./batch.ts";
import type { ContactSyncer } from "./contact-store.ts";
import type { EventLoopTurns } from "./event-loop-turns.ts";
import { FairShares } from "./fair-shares.ts";
import { Linger } from "./linger.ts";
import { sharesPair, withPairsOf } from "./pending-pairs.ts";
import { PendingSync } from "./pending-sync.ts";
import { RecentLeast } from "./recent-least.ts";
import type { BatchTimeLimits, RunBatch } from "./run-batch.ts";
import { settle } from "./settle-batch.ts";
import type { StoreObserver } from "./store-observer.ts";
import type { SyncGroups } from "./sync-groups.ts";
import { oneGroup } from "./sync-groups.ts";
import { SyncQueue } from "./sync-queue.ts";
import { createTurns } from "./turns.ts";

export interface GroupCommitOptions {
  readonly runBatch: RunBatch;
  /** Absent: all syncs can share a transaction. */
  readonly groups?: SyncGroups;
  /** Most joined transactions in flight. */
  readonly maxInFlight: number;
  /** Most transactions in flight that retry one request of a joined transaction that failed. */
  readonly maxRetriesInFlight: number;
  /** Most transactions in flight that wait for locks, each of one request. */
  readonly maxLockWaitsInFlight: number;
  /** Most entries in one transaction. A single request may have more. */
  readonly maxBatchEntries: number;
  /** Longest that requests wait for others to join while a transaction is in flight, in milliseconds. */
  readonly lingerMs: number;
  /** Longest delay before a retry because of conflicts, in milliseconds. The first retry has none. */
  readonly maxBackoffMs: number;
  /** Longest that requests wait for a pair of a lost transaction, in milliseconds. Then they are rejected. */
  readonly lostWaitMs: number;
  /** The turns in which large transactions are planned. */
  readonly nextTurn: EventLoopTurns;
  readonly observer?: StoreObserver | undefined;
}

/** From this number of conflicts on, a request shares its transaction with no other request. */
const conflictsUntilAlone = 6;

/** From this number of entries on, a request is planned in a turn of the event loop of its own. */
const largeEntries = 1_000;

/**
 * Joins the syncs that arrive while transactions are in flight into the next transaction. A single
 * request begins at once. Each caller gets the result of its own request, as if all requests had run one
 * after another in the order of their arrival.
 *
 * No request fails because of another. If a joined transaction fails, each of its requests is retried
 * alone. If that fails because of a lock, the request waits for the lock. A request is never run if its
 * caller disconnects before its transaction begins, or if its deadline is nearer than any recent transaction
 * took.
 *
 * A transaction that is rolled back because of a concurrent one is retried until its requests end: at
 * once, then with random delays. The transactions after a conflict take turns, so that none of them
 * loses again and again. Each is of many requests then, and costs less than the conflicts.
 */
export function createGroupCommit(options: GroupCommitOptions): ContactSyncer {
  const { runBatch, groups = oneGroup, maxBackoffMs, lostWaitMs } = options;
  const joined = new SyncQueue({
    name: "joined",
    maxInFlight: options.maxInFlight,
    maxEntries: options.maxBatchEntries,
  });
  const retries = new SyncQueue({
    name: "retries",
    maxInFlight: options.maxRetriesInFlight,
    maxEntries: 1,
  });
  const lockWaits = new SyncQueue({
    name: "lock-waits",
    maxInFlight: options.maxLockWaitsInFlight,
    maxEntries: 1,
  });
  /** In the order in which their requests arrived: all that failed before arrived first. */
  const queues = [lockWaits, retries, joined];
  options.observer?.watchQueues(queues);
  const turns = createTurns();
  const shares = new FairShares();
  const leastMs = new RecentLeast();
  let isScheduled = false;
  const linger = new Linger(options.lingerMs, pump);
  let inFlight: readonly Batch<PendingSync>[] = [];
  /** Batches in flight whose connection is lost for longer than `lostWaitMs`. */
  let lost: readonly Batch<PendingSync>[] = [];

  function isInFlight(owner: string, contactId: string): boolean {
    for (const { pairs } of inFlight) if (pairs.has(owner, contactId)) return true;
    return false;
  }

  /**
   * Begins transactions after all requests that have arrived by now are read. Otherwise the first
   * requests of a burst would take the free transactions one by one.
   */
  function schedule(): void {
    if (isScheduled || queues.every(({ pending }) => pending.length === 0)) return;
    isScheduled = true;
    const hasLarge = queues.some(({ pending }) => pending.some(isLarge));
    if (hasLarge) void options.nextTurn({ isFirst: true }).then(pump);
    else setImmediate(pump);
  }

  function pump(): void {
    isScheduled = false;
    if (lost.length > 0) queues.forEach(rejectLost);
    let isBusy: IsBusy = isInFlight;
    for (const queue of queues) {
      fill(queue, isBusy);
      if (queue !== joined && queue.pending.length > 0) isBusy = withPairsOf(queue, isBusy);
    }
  }

  /** While transactions take turns, one of this process is enough. Those that wait for locks do not count. */
  function mayBegin(queue: SyncQueue): boolean {
    const isTurnTaken = turns.areTaken && retries.requestsInFlight + joined.requestsInFlight > 0;
    return queue.free > 0 && !(isTurnTaken && queue !== lockWaits);
  }

  /**
   * Whether to wait for more requests. A transaction of a few requests costs nearly as much as one of
   * many, and the callers of the transaction in flight are about to send their next requests. Half as
   * many requests as are in flight are enough.
   */
  function lingers(): boolean {
    return joined.pending.length * 2 < joined.requestsInFlight && linger.waits();
  }

  function fill(queue: SyncQueue, isBusy: IsBusy): void {
    // The queue may be long, and this function runs for every burst.
    if (queue.free > 0) rejectEnded(queue);
    while (mayBegin(queue) && queue.pending.length > 0) {
      if (queue === joined && lingers()) return;
      const batch = nextBatch(queue, isBusy);
      if (batch === undefined) return;
      for (const { appId, entries } of batch.requests) shares.note(appId, entries.length);
      void run(batch, queue);
      if (batch.requests.some(isLarge)) {
        schedule();
        return;
      }
    }
  }

  /** The next batch of a group that does not have to wait. */
  function nextBatch(queue: SyncQueue, isBusy: IsBusy): Batch<PendingSync> | undefined {
    for (const pending of groups.split(queue.pending, inFlight)) {
      const batch = planBatch(pending, { ...batchLimits(pending, queue), isBusy });
      if (batch.requests.length > 0) return batch;
    }
    return undefined;
  }

  /** A request that has conflicted often is the first one, and shares its transaction with no other. */
  function batchLimits(pending: readonly PendingSync[], { maxEntries }: SyncQueue) {
    const isAlone = (pending[0]?.conflicts ?? 0) >= conflictsUntilAlone;
    if (isAlone) return { maxEntries: 1 };
    return { maxEntries, positionOf: (appId: number) => shares.positionOf(appId) };
  }

  /** Rejects the requests whose callers have disconnected, and those that would end after their deadline. */
  function rejectEnded(queue: SyncQueue): void {
    const neededMs = leastMs.value;
    const ended = queue.remove(
      ({ call }) => call.signal.aborted || (call.timeLeftMs?.() ?? Infinity) < neededMs,
    );
    for (const { call, result } of ended) {
      result.reject(call.signal.aborted ? call.signal.reason : fault("DEADLINE_EXCEEDED"));
    }
  }

  /** Rejects the requests that wait for a pair of a lost transaction. They can be retried. */
  function rejectLost(queue: SyncQueue): void {
    const rejected = queue.remove((request) => lost.some((batch) => sharesPair(request, batch)));
    for (const { result } of rejected) result.reject(fault("DATABASE_UNAVAILABLE"));
  }

  async function run(batch: Batch<PendingSync>, queue: SyncQueue): Promise<void> {
    if (queue === joined) linger.reset();
    inFlight = [...inFlight, batch];
    queue.begin(batch);
    const startedAt = performance.now();
    let ended: Promise<void> | undefined;
    try {
      const report = await runBatch(batch, limitsOf(batch, queue), (promise) => {
        ended = promise;
      });
      if (report === undefined) {
        await retry(batch, queue);
      } else {
        turns.noteCommit();
        leastMs.note(performance.now() - startedAt);
        settle(batch, report);
      }
    } catch (error) {
      recover(batch, queue, error);
    }
    queue.end(batch);
    if (ended !== undefined) {
      schedule();
      await untilEnded(batch, ended);
    }
    inFlight = inFlight.filter((other) => other !== batch);
    schedule();
  }

  async function untilEnded(batch: Batch<PendingSync>, ended: Promise<void>): Promise<void> {
    const timer = setTimeout(() => {
      lost = [...lost, batch];
      schedule();
    }, lostWaitMs);
    await ended;
    clearTimeout(timer);
    lost = lost.filter((other) => other !== batch);
  }

  function limitsOf({ requests }: Batch<PendingSync>, queue: SyncQueue): BatchTimeLimits {
    const { name } = queue;
    if (queue !== lockWaits)
      return { queue: name, waitsForLocks: false, takesTurn: turns.areTaken };
    return {
      queue: name,
      budgetMs: requests[0]?.call.timeLeftMs?.(),
      signal: requests[0]?.call.signal,
      waitsForLocks: true,
      takesTurn: false,
    };
  }

  /** Puts the requests back at the front, so that they can share the next transaction with others. */
  async function retry({ requests }: Batch<PendingSync>, queue: SyncQueue): Promise<void> {
    for (const request of requests) request.conflicts += 1;
    const conflicts = Math.max(...requests.map((request) => request.conflicts));
    turns.noteConflict();
    if (conflicts > 1) await delay(Math.random() * maxBackoffMs);
    const left = requests.filter(({ call, result }) => {
      const hasTime = (call.timeLeftMs?.() ?? Infinity) > 0;
      if (!hasTime) result.reject(fault("DEADLINE_EXCEEDED"));
      return hasTime;
    });
    queue.pending.unshift(...left);
  }

  /** Requests of a joined transaction are retried alone. A request that ran alone may wait for locks. */
  function recover(batch: Batch<PendingSync>, queue: SyncQueue, error: unknown): void {
    const next = nextQueue(batch, queue, error);
    if (next === undefined) {
      for (const { result } of batch.requests) result.reject(error);
    } else {
      next.pending.push(...batch.requests);
    }
  }

  function nextQueue(
    { requests }: Batch<PendingSync>,
    queue: SyncQueue,
    error: unknown,
  ): SyncQueue | undefined {
    const reason = error instanceof Fault ? error.reason : undefined;
    if (reason === "DATABASE_UNAVAILABLE") return undefined;
    if (requests.length > 1) return retries;
    const hasEnded = requests.every(({ call }) => call.signal.aborted);
    return queue !== lockWaits && reason === "DEADLINE_EXCEEDED" && !hasEnded
      ? lockWaits
      : undefined;
  }

  return {
    sync(appId, entries, call) {
      const request = new PendingSync(appId, entries, call, groups.groupOf(entries));
      joined.pending.push(request);
      schedule();
      return request.result.promise;
    },
  };
}

function isLarge({ entries }: PendingSync): boolean {
  return entries.length >= largeEntries;
}

function delay(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
