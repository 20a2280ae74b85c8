import type { StoreOptions } from "../contact/contact-store.ts";
import type { FairWork } from "../contact/fair-lanes.ts";
import { FairQueue } from "../contact/fair-queue.ts";
import type { StoreObserver } from "../contact/store-observer.ts";

/** A read that can share a round trip with others. */
export interface JoinableRead extends FairWork {
  readonly signal: StoreOptions["signal"];
}

export interface JoinLimits {
  /** Most round trips in flight. */
  readonly maxInFlight: number;
  /** Most reads in one round trip. */
  readonly maxReads: number;
  /** Largest amount of the reads in one round trip. A single one may have more. */
  readonly maxAmount: number;
}

export interface JoinOptions<Read, Result> extends JoinLimits {
  /** Runs reads in one round trip, and returns the result of each. */
  readonly runAll: (reads: readonly Read[]) => Promise<readonly Result[]>;
  readonly runAlone: (read: Read) => Promise<Result>;
  readonly observer?: Pick<StoreObserver, "onReads"> | undefined;
}

interface Pending<Read, Result> extends FairWork {
  readonly read: Read;
  readonly resolve: (result: Result | Promise<Result>) => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * Runs the reads that arrive while others are in flight together, in one round trip. A single read is
 * run at once. If not all fit into a round trip, the apps share it. Reads in one round trip wait for each
 * other, so use it for reads that are short for all values. All see what is committed when the round trip
 * begins. If it fails, each of its reads is retried alone.
 *
 * @returns a function that rejects with the reason of the signal if it is aborted before the read is run
 */
export function joinReads<Read extends JoinableRead, Result>(
  options: JoinOptions<Read, Result>,
): (read: Read) => Promise<Result> {
  const { runAll, runAlone, maxInFlight, maxReads, maxAmount, observer } = options;
  const pending = new FairQueue<Pending<Read, Result>>();
  let inFlight = 0;

  async function sendPending(): Promise<void> {
    inFlight += 1;
    if (inFlight > 1) await burstIsRead();
    while (pending.peek() !== undefined) {
      await send(takePending());
      await burstIsRead();
    }
    inFlight -= 1;
  }

  /** The reads of the next round trip. Those whose calls have ended are rejected. */
  function takePending(): Pending<Read, Result>[] {
    const reads: Pending<Read, Result>[] = [];
    let room = maxAmount;
    for (;;) {
      const next = pending.peek();
      const isFull = reads.length === maxReads || (reads.length > 0 && room < (next?.amount ?? 0));
      if (next === undefined || isFull) return reads;
      pending.shift();
      if (!isWanted(next)) continue;
      reads.push(next);
      room -= next.amount;
    }
  }

  async function send(reads: readonly Pending<Read, Result>[]): Promise<void> {
    if (reads.length === 0) return;
    observer?.onReads(reads.length);
    try {
      const results = await runAll(reads.map(({ read }) => read));
      for (const [n, { resolve }] of reads.entries()) resolve(results[n] as Result);
    } catch (error) {
      if (reads.length === 1) reads[0]?.reject(error);
      else for (const { read, resolve } of reads) resolve(runAlone(read));
    }
  }

  return (read) => {
    const { promise, resolve, reject } = Promise.withResolvers<Result>();
    pending.push({ appId: read.appId, amount: read.amount, read, resolve, reject });
    if (inFlight < maxInFlight) void sendPending();
    return promise;
  };
}

/**
 * Waits until all data that has arrived by now is read, so that its reads share a round trip. Pending
 * responses are flushed first: sending may yield the CPU to Postgres.
 */
function burstIsRead(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** False, and rejects the read, if its call has ended. */
function isWanted({ read, reject }: Pending<JoinableRead, never>): boolean {
  if (read.signal.aborted) reject(read.signal.reason);
  return !read.signal.aborted;
}
