import type { StoreObserver } from "../contact/store-observer.ts";
import type { Pool } from "./database.ts";
import type { EncodedStatement, Rows } from "./encoded-statement.ts";
import type { JoinableRead, JoinLimits } from "./join-reads.ts";
import { joinReads } from "./join-reads.ts";
import { inReadTransaction, readAlone } from "./read-transaction.ts";

export interface JoinedRead extends JoinableRead {
  readonly statement: EncodedStatement;
}

/**
 * Runs a statement that reads, and returns its rows.
 *
 * @throws the reason of the signal if it is aborted before the statement is sent; the error of the driver
 */
export type RunRead = (read: JoinedRead) => Promise<Rows>;

export interface JoinedReadsOptions extends JoinLimits {
  readonly pool: Pool;
  readonly observer?: Pick<StoreObserver, "onReads"> | undefined;
}

/** Sends statements together, in one round trip. Use it for statements that are short for all values. */
export function createJoinedReads({ pool, ...options }: JoinedReadsOptions): RunRead {
  return joinReads({
    ...options,
    runAll: (reads) =>
      inReadTransaction(
        pool,
        reads.map(({ statement }) => statement),
      ),
    runAlone: ({ statement, signal }) => readAlone(pool, statement, signal),
  });
}
