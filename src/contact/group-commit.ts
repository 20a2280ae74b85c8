import { Fault, fault } from "../errors.ts";
import type { Batch, BatchReport, SyncRequest } from "./batch.ts";
import { pairKey, planBatch, shareCounts } from "./batch.ts";
import type { CallOptions, ContactSyncer } from "./contact-store.ts";
import type { SyncCounts } from "./sync.ts";

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
}

interface Waiting extends SyncRequest {
  readonly call: CallOptions;
  readonly resolve: (counts: SyncCounts) => void;
  readonly reject: (reason: unknown) => void;
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
  const { runBatch, maxPatient, maxBatchEntries, maxWaitingEntries } = options;
  let waiting: Waiting[] = [];
  let waitingEntries = 0;
  /** Batches whose transaction is under way, those that wait for a lock too. */
  const underWay = new Set<Batch<Waiting>>();
  const joined: Lane = { alone: false, free: options.maxInFlight };
  const alone: Lane = { alone: true, free: options.maxAlone };
  const patient = createSemaphore(maxPatient);

  function isBusy(key: string): boolean {
    for (const { pairs } of underWay) if (pairs.has(key)) return true;
    return false;
  }

  function pump(): void {
    dropAbandoned();
    fill(joined);
    fill(alone);
  }

  function fill(lane: Lane): void {
    while (lane.free > 0 && waiting.length > 0) {
      const limits = { maxEntries: maxBatchEntries, isBusy, alone: lane.alone };
      const batch = planBatch(waiting, limits);
      if (batch.requests.length === 0) return;
      const taken = new Set(batch.requests);
      waiting = waiting.filter((request) => !taken.has(request));
      for (const { entries } of batch.requests) waitingEntries -= entries.length;
      void run(batch, lane);
    }
  }

  function dropAbandoned(): void {
    if (!waiting.some(({ call }) => call.signal.aborted)) return;
    const abandoned = waiting.filter(({ call }) => call.signal.aborted);
    waiting = waiting.filter(({ call }) => !call.signal.aborted);
    for (const { entries, call, reject } of abandoned) {
      waitingEntries -= entries.length;
      reject(call.signal.reason);
    }
  }

  async function run(batch: Batch<Waiting>, lane: Lane): Promise<void> {
    underWay.add(batch);
    lane.free -= 1;
    try {
      settle(batch, await runBatch(batch, { waitsForLocks: false }));
      lane.free += 1;
    } catch (error) {
      lane.free += 1;
      await recover(batch, error);
    }
    underWay.delete(batch);
    pump();
  }

  /** Requests of a joined transaction are tried alone; one that was alone may wait for its locks. */
  async function recover(batch: Batch<Waiting>, error: unknown): Promise<void> {
    const reason = error instanceof Fault ? error.reason : undefined;
    const [first] = batch.requests;
    if (reason === "DATABASE_UNAVAILABLE" || first === undefined) {
      fail(batch, error);
    } else if (batch.requests.length > 1) {
      requeueAlone(batch.requests);
    } else if (reason === "DEADLINE_EXCEEDED" && !first.call.signal.aborted) {
      pump();
      await runPatiently(batch, first.call);
    } else {
      fail(batch, error);
    }
  }

  function requeueAlone(requests: readonly Waiting[]): void {
    waiting.unshift(...requests.map((request) => ({ ...request, isAlone: true })));
    for (const { entries } of requests) waitingEntries += entries.length;
  }

  async function runPatiently(batch: Batch<Waiting>, call: CallOptions): Promise<void> {
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
      const { promise, resolve, reject } = Promise.withResolvers<SyncCounts>();
      let keys: readonly string[] | undefined;
      waiting.push({
        appId,
        entries,
        // Made when the request is planned: a long queue of large requests would hold millions.
        get keys() {
          keys ??= entries.map((entry) => pairKey(appId, entry));
          return keys;
        },
        isAlone: false,
        call,
        resolve,
        reject,
      });
      waitingEntries += entries.length;
      pump();
      return promise;
    },
  };
}

/** Transactions of one kind, and how many more may begin. */
interface Lane {
  readonly alone: boolean;
  free: number;
}

/** Lets `count` holders in at once; the others wait in the order they came. */
function createSemaphore(count: number) {
  let free = count;
  const waiting: (() => void)[] = [];
  return {
    acquire(): Promise<void> {
      if (free === 0) return new Promise((resolve) => waiting.push(resolve));
      free -= 1;
      return Promise.resolve();
    },
    release(): void {
      const next = waiting.shift();
      if (next === undefined) free += 1;
      else next();
    },
  };
}

function settle(batch: Batch<Waiting>, report: BatchReport): void {
  shareCounts(batch, report).forEach((counts, n) => {
    batch.requests[n]?.resolve(counts);
  });
}

function fail(batch: Batch<Waiting>, error: unknown): void {
  for (const { reject } of batch.requests) reject(error);
}
