import { Fault, fault } from "../errors.ts";
import type { Batch, BatchReport, IsBusy } from "./batch.ts";
import { addPairs, planBatch, shareResults } from "./batch.ts";
import type { ContactSyncer, SyncOptions } from "./contact-store.ts";
import { Lane, Waiting } from "./lane.ts";
import { PairMap } from "./pair-map.ts";
import { createSemaphore } from "./semaphore.ts";

/** Runs a batch in one transaction; rejects with a Fault, or with what a bug throws. */
export type RunBatch = (batch: Batch, limits: BatchTimeLimits) => Promise<BatchReport>;

export interface BatchTimeLimits {
  /** Milliseconds for each statement; absent: the default of the connection. */
  readonly statementMs?: number | undefined;
  /** Whether to wait for locks as long as a statement may take, not just the default of the connection. */
  readonly waitsForLocks: boolean;
}

export interface GroupCommitOptions {
  readonly runBatch: RunBatch;
  /** Joined transactions under way at once. */
  readonly maxInFlight: number;
  /** Transactions under way at once of requests that are run alone, because a joined one failed. */
  readonly maxAlone: number;
  /** Transactions that wait for a lock at once, each of one request. */
  readonly maxPatient: number;
  /** Most entries in one transaction; a single request may have more. */
  readonly maxBatchEntries: number;
  /** Most entries that wait; beyond them requests are refused. */
  readonly maxWaitingEntries: number;
  /** Longest that requests wait for others to join, while a transaction is under way, in milliseconds. */
  readonly maxGatherMs: number;
}

/**
 * Joins the syncs that wait while transactions are under way into the next one. A lone request goes at
 * once. Each caller gets the result of its own request, as if the requests had run one after another in
 * the order of their arrival.
 *
 * No request fails for another's sake: where a joined transaction fails, its requests are run again, each
 * alone. One whose caller left, or whose deadline passed, while it waited is never run.
 */
export function createGroupCommit(options: GroupCommitOptions): ContactSyncer {
  const { runBatch, maxWaitingEntries, maxGatherMs } = options;
  const joined = new Lane(options.maxInFlight, options.maxBatchEntries);
  /** Requests of joined transactions that failed. They came before all that wait to be joined. */
  const alone = new Lane(options.maxAlone, 1);
  let waitingEntries = 0;
  let isScheduled = false;
  /** Runs while requests wait for others to join. */
  let gathering: NodeJS.Timeout | undefined;
  let isOverdue = false;
  /** Batches whose transaction is under way, those that wait for a lock too. */
  let underWay: readonly Batch<Waiting>[] = [];
  const patient = createSemaphore(options.maxPatient);

  function isBusy(owner: string, contactId: string): boolean {
    for (const { pairs } of underWay) if (pairs.has(owner, contactId)) return true;
    return false;
  }

  /**
   * Begins transactions when what has arrived by now is read: the requests of a burst would take the free
   * transactions one by one.
   */
  function schedule(): void {
    if (isScheduled || joined.waiting.length + alone.waiting.length === 0) return;
    isScheduled = true;
    setImmediate(() => {
      isScheduled = false;
      pump();
    });
  }

  function pump(): void {
    fill(alone, isBusy);
    if (alone.waiting.length === 0) {
      fill(joined, isBusy);
    } else {
      const earlier = new PairMap<true>();
      for (const request of alone.waiting) addPairs(request, earlier);
      fill(joined, (owner, contactId) => earlier.has(owner, contactId) || isBusy(owner, contactId));
    }
  }

  /**
   * Whether to let more requests come: a transaction of a few costs nearly as much as one of many, and
   * where one is under way its callers are about to send the next requests. Half as many are enough.
   */
  function gathers(): boolean {
    if (isOverdue || joined.waiting.length * 2 >= joined.requestsUnderWay) return false;
    gathering ??= setTimeout(() => {
      isOverdue = true;
      pump();
    }, maxGatherMs);
    return true;
  }

  function fill(lane: Lane, isBlocked: IsBusy): void {
    // The queue may be long, and this is called for every burst.
    if (lane.free > 0) dropAbandoned(lane);
    while (lane.free > 0 && lane.waiting.length > 0) {
      if (lane === joined && gathers()) return;
      const batch = planBatch(lane.waiting, { maxEntries: lane.maxEntries, isBusy: isBlocked });
      if (batch.requests.length === 0) return;
      for (const { entries } of batch.requests) waitingEntries -= entries.length;
      void run(batch, lane);
    }
  }

  function dropAbandoned(lane: Lane): void {
    if (!lane.waiting.some(({ call }) => call.signal.aborted)) return;
    const abandoned = lane.waiting.filter(({ call }) => call.signal.aborted);
    lane.waiting = lane.waiting.filter(({ call }) => !call.signal.aborted);
    for (const { entries, call, result } of abandoned) {
      waitingEntries -= entries.length;
      result.reject(call.signal.reason);
    }
  }

  async function run(batch: Batch<Waiting>, lane: Lane): Promise<void> {
    if (lane === joined) {
      clearTimeout(gathering);
      gathering = undefined;
      isOverdue = false;
    }
    underWay = [...underWay, batch];
    lane.enter(batch);
    try {
      settle(batch, await runBatch(batch, { waitsForLocks: false }));
      lane.leave(batch);
    } catch (error) {
      lane.leave(batch);
      await recover(batch, error);
    }
    underWay = underWay.filter((other) => other !== batch);
    schedule();
  }

  /** Requests of a joined transaction are tried alone; one that was alone may wait for its locks. */
  async function recover(batch: Batch<Waiting>, error: unknown): Promise<void> {
    const reason = error instanceof Fault ? error.reason : undefined;
    const [first] = batch.requests;
    if (reason === "DATABASE_UNAVAILABLE" || first === undefined) {
      fail(batch, error);
    } else if (batch.requests.length > 1) {
      alone.waiting.unshift(...batch.requests);
      for (const { entries } of batch.requests) waitingEntries += entries.length;
    } else if (reason === "DEADLINE_EXCEEDED" && !first.call.signal.aborted) {
      schedule();
      await runPatiently(batch, first.call);
    } else {
      fail(batch, error);
    }
  }

  async function runPatiently(batch: Batch<Waiting>, call: SyncOptions): Promise<void> {
    await patient.acquire();
    try {
      call.signal.throwIfAborted();
      const limits = { statementMs: call.timeLeftMs?.(), waitsForLocks: true };
      settle(batch, await runBatch(batch, limits));
    } catch (error) {
      fail(batch, error);
    } finally {
      patient.release();
    }
  }

  return {
    sync(appId, entries, call) {
      if (waitingEntries > 0 && waitingEntries + entries.length > maxWaitingEntries) {
        return Promise.reject(fault("OVERLOADED"));
      }
      const request = new Waiting(appId, entries, call);
      joined.waiting.push(request);
      waitingEntries += entries.length;
      schedule();
      return request.result.promise;
    },
  };
}

function settle(batch: Batch<Waiting>, report: BatchReport): void {
  shareResults(batch, report).forEach((result, n) => {
    batch.requests[n]?.result.resolve(result);
  });
}

function fail(batch: Batch<Waiting>, error: unknown): void {
  for (const { result } of batch.requests) result.reject(error);
}
