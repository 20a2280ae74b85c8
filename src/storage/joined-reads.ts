import type { StoreOptions } from "../contact/contact-store.ts";
import type { StoreObserver } from "../contact/store-observer.ts";
import type { Pool } from "./database.ts";
import type { EncodedStatement, Rows } from "./encoded-statement.ts";
import { inReadTransaction, readAlone } from "./read-transaction.ts";

/**
 * Runs a statement that reads, and returns its rows.
 *
 * @throws the reason of the signal if it is aborted before the statement is sent; the error of the driver
 */
export type RunRead = (
  statement: EncodedStatement,
  signal: StoreOptions["signal"],
) => Promise<Rows>;

export interface JoinedReadsOptions {
  readonly pool: Pool;
  /** Most round trips in flight. */
  readonly maxInFlight: number;
  /** Most statements in one round trip. */
  readonly maxStatements: number;
  readonly observer?: Pick<StoreObserver, "onReads"> | undefined;
}

interface PendingRead {
  readonly statement: EncodedStatement;
  readonly signal: StoreOptions["signal"];
  readonly resolve: (rows: Rows | Promise<Rows>) => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * Sends the reads that arrive while others are in flight together, in one round trip. A single read is
 * sent at once. Reads in one round trip wait for each other, so use it for statements that are short for
 * all values. All see what is committed when the round trip begins. If it fails, each of its reads is
 * retried alone.
 */
export function createJoinedReads(options: JoinedReadsOptions): RunRead {
  const { pool, maxInFlight, maxStatements, observer } = options;
  let pending: PendingRead[] = [];
  let inFlight = 0;

  async function sendPending(): Promise<void> {
    inFlight += 1;
    if (inFlight > 1) await burstIsRead();
    while (pending.length > 0) {
      const reads = pending.slice(0, maxStatements);
      pending = pending.slice(maxStatements);
      await send(reads.filter(isWanted));
      await burstIsRead();
    }
    inFlight -= 1;
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
      else for (const { statement, resolve } of reads) resolve(readAlone(pool, statement));
    }
  }

  return (statement, signal) => {
    const { promise, resolve, reject } = Promise.withResolvers<Rows>();
    pending.push({ statement, signal, resolve, reject });
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
