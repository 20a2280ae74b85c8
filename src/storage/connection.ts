import type pg from "pg";
import { mustDiscardConnection } from "./sqlstate.ts";

/** The status that Postgres reports for a connection that is in no transaction. */
export const idle = "I";

/**
 * Runs `work` with a connection of the pool. A connection that may fail the same way again, or that is
 * still in a transaction, is closed. The pool opens another one when it needs it.
 *
 * @param work gets a function; if it is called, the connection is closed after the work
 */
export async function withConnection<T>(
  pool: pg.Pool,
  work: (client: pg.PoolClient, discard: () => void) => Promise<T>,
): Promise<T> {
  const client = await pool.connect();
  let mustDiscard = false;
  try {
    return await work(client, () => {
      mustDiscard = true;
    });
  } catch (error) {
    mustDiscard ||= mustDiscardConnection(error) || client.getTransactionStatus() !== idle;
    throw error;
  } finally {
    client.release(mustDiscard);
  }
}
