import type { StoreOptions } from "../contact/contact-store.ts";
import type { FairWork } from "../contact/fair-lanes.ts";
import { FairQueue } from "../contact/fair-queue.ts";
import type { StoreObserver } from "../contact/store-observer.ts";
import type { Pool } from "./database.ts";
import type { EncodedStatement, Rows } from "./encoded-statement.ts";
import { inReadTransaction, readAlone } from "./read-transaction.ts";

export interface JoinedRead extends FairWork {
  readonly statement: EncodedStatement;
  readonly signal: StoreOptions["signal"];
}

/**
 * Runs a statement that reads, and returns its rows.
 *
 * @throws the reason of the signal if it is aborted before the statement is sent; the error of the driver
 */
export type RunRead = (read: JoinedRead) => Promise<Rows>;

export interface JoinedReadsOptions {
  readonly pool: Pool;
  /** Most round trips in flight. */
  readonly maxInFlight: number;
  /** Most statements in one round trip. */
  readonly maxStatements: number;
  /** Largest amount of the statements in one round trip. A single one may have more. */
  readonly maxAmount: number;
  readonly observer?: Pick<StoreObserver, "onReads"> | undefined;
}

interface PendingRead extends JoinedRead {
  readonly resolve: (rows: Rows | Promise<Rows>) => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * Sends the reads that arrive while others are in flight together, in one round trip. A single read is
 * sent at once. If not all fit into a round trip, the apps share it. Reads in one round trip wait for each
 * other, so use it for statements that are short for all values. All see what is committed when the round trip
 * begins. If it fails, each of its reads is retried alone.
 */
export function createJoinedReads(options: JoinedReadsOptions): RunRead {
  const { pool, maxInFlight, maxStatements, maxAmount, observer } = options;
  const pending = new FairQueue<PendingRead>();
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
  function takePending(): PendingRead[] {
    const reads: PendingRead[] = [];
    let room = maxAmount;
    for (;;) {
      const next = pending.peek();
      const isFull =
        reads.length === maxStatements || (reads.length > 0 && room < (next?.amount ?? 0));
      if (next === undefined || isFull) return reads;
      pending.shift();
      if (!isWanted(next)) continue;
      reads.push(next);
      room -= next.amount;
    }
  }

  async function send(reads: readonly PendingRead[]): Promise<void> {
    if (reads.length === 0) return;
    observer?.onReads(reads.length);
    try {
      const statements = reads.map(({ statement }) => statement);
      const results = await inReadTransaction(pool, statements);
      for (const [n, { resolve }] of reads.entries()) resolve(results[n] ?? []);
    } catch (error) {
      if (reads.length === 1) reads[0]?.reject(error);
      else for (const read of reads) read.resolve(readAlone(pool, read.statement, read.signal));
    }
  }

  return (read) => {
    const { promise, resolve, reject } = Promise.withResolvers<Rows>();
    pending.push({ ...read, resolve, reject });
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
function isWanted({ signal, reject }: PendingRead): boolean {
  if (signal.aborted) reject(signal.reason);
  return !signal.aborted;
}
