import type pg from "pg";
import type { Pool } from "./database.ts";
import { spoilsConnection } from "./sqlstate.ts";

/** As Postgres reports the status of a connection that is in no transaction. */
const idle = "I";

/**
 * Lends a connection of the pool. One that may fail the same way again, or that comes back within a
 * transaction, is closed, and the pool opens another in its place.
 */
export async function withConnection<T>(
  pool: Pool,
  work: (client: pg.PoolClient) => Promise<T>,
): Promise<T> {
  const client = await pool.connect();
  let isSpoilt = false;
  try {
    return await work(client);
  } catch (error) {
    isSpoilt = spoilsConnection(error) || client.getTransactionStatus() !== idle;
    throw error;
  } finally {
    client.release(isSpoilt);
  }
}
