import type { CallOptions } from "../contact/contact-store.ts";
import type { Pool } from "./database.ts";
import type { Rows, WrittenStatement } from "./pipeline.ts";
import { inPipelinedTransaction, runAlone } from "./pipeline.ts";

/**
 * Runs a statement that reads, and gives its rows.
 *
 * @throws the reason of the signal where it is aborted before the statement is sent; else what the
 * driver says
 */
export type RunRead = (statement: WrittenStatement, signal: CallOptions["signal"]) => Promise<Rows>;

export interface JoinedReadsOptions {
  readonly pool: Pool;
  /** Round trips under way at once. */
  readonly maxInFlight: number;
  /** Most statements in one of them. */
  readonly maxStatements: number;
}

interface Waiting {
  readonly statement: WrittenStatement;
  readonly signal: CallOptions["signal"];
  readonly resolve: (rows: Rows | Promise<Rows>) => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * Sends the reads that wait while others are under way together, in one round trip: for such as are
 * short whatever their values, as they wait for one another. A lone read goes at once. Each remains a
 * statement of its own, which sees what is committed when it begins. Where they fail together, each is
 * run again alone.
 */
export function createJoinedReads(options: JoinedReadsOptions): RunRead {
  const { pool, maxInFlight, maxStatements } = options;
  let waiting: Waiting[] = [];
  let inFlight = 0;

  async function sendWaiting(): Promise<void> {
    inFlight += 1;
    if (inFlight > 1) await burstIsRead();
    while (waiting.length > 0) {
      const reads = waiting.slice(0, maxStatements);
      waiting = waiting.slice(maxStatements);
      await send(reads.filter(isWanted));
      await burstIsRead();
    }
    inFlight -= 1;
  }

  async function send(reads: readonly Waiting[]): Promise<void> {
    if (reads.length === 0) return;
    try {
      const statements = reads.map(({ statement }) => statement);
      const results = await inPipelinedTransaction(pool, statements);
      for (const [n, { resolve }] of reads.entries()) resolve(results[n] ?? []);
    } catch (error) {
      if (reads.length === 1) reads[0]?.reject(error);
      else for (const { statement, resolve } of reads) resolve(runAlone(pool, statement));
    }
  }

  return (statement, signal) => {
    const { promise, resolve, reject } = Promise.withResolvers<Rows>();
    waiting.push({ statement, signal, resolve, reject });
    if (inFlight < maxInFlight) void sendWaiting();
    return promise;
  };
}

/**
 * Waits until what has arrived by now is read: its reads go together. To send is also to wake the
 * database, which may take the processor away, so answers that are due go before.
 */
function burstIsRead(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Rejects a read that nobody waits for any more. */
function isWanted({ signal, reject }: Waiting): boolean {
  if (signal.aborted) reject(signal.reason);
  return !signal.aborted;
}
