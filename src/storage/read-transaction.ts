import type { StoreOptions } from "../contact/contact-store.ts";
import { requestCancel } from "./cancel-request.ts";
import { withConnection } from "./connection.ts";
import type { Pool } from "./database.ts";
import type { EncodedStatement, Rows } from "./encoded-statement.ts";
import { runPipelined } from "./pipeline.ts";
import { sessionOf } from "./session.ts";

/**
 * Runs statements that read in one serializable transaction, in one round trip. All see what was committed
 * at one moment.
 *
 * @returns the rows of each statement
 * @throws the error of the driver for the first statement that fails
 */
export function inReadTransaction(
  pool: Pool,
  statements: readonly EncodedStatement[],
): Promise<readonly Rows[]> {
  return withConnection(pool, async (client) => {
    const results = await runPipelined(client, [...sessionOf(client).openings.read, ...statements]);
    return results.slice(-statements.length).map(({ rows }) => rows);
  });
}

/** How often it is checked whether a read is still wanted, in milliseconds. */
const cancelCheckMs = 250;

/**
 * Runs one statement that reads. If the signal is aborted, the statement does not begin, or is cancelled in the
 * database.
 *
 * @throws the reason of the signal; the error of the driver
 */
export function readAlone(
  pool: Pool,
  statement: EncodedStatement,
  signal: StoreOptions["signal"],
): Promise<Rows> {
  return withConnection(pool, async (client, discard) => {
    signal.throwIfAborted();
    const cancelling = setInterval(() => {
      if (!signal.aborted) return;
      // A cancel request that arrives late would cancel the next statement of the connection.
      discard();
      void requestCancel(client);
    }, cancelCheckMs);
    try {
      const statements = [...sessionOf(client).openings.read, statement];
      return (await runPipelined(client, statements)).at(-1)?.rows ?? [];
    } finally {
      clearInterval(cancelling);
    }
  });
}
