import type pg from "pg";
import { mustDiscardConnection } from "./sqlstate.ts";

/** How Postgres reports that a connection is in no transaction. */
const idle = "I";

/**
 * Lends a connection of the pool to `work`. A connection that may fail the same way again, or that comes
 * back within a transaction, is closed, and the pool opens another in its place.
 */
export async function withConnection<T>(
  pool: pg.Pool,
  work: (client: pg.PoolClient) => Promise<T>,
): Promise<T> {
  const client = await pool.connect();
  let mustDiscard = false;
  try {
    return await work(client);
  } catch (error) {
    mustDiscard = mustDiscardConnection(error) || client.getTransactionStatus() !== idle;
    throw error;
  } finally {
    client.release(mustDiscard);
  }
}
