import type pg from "pg";
import type { Pool } from "./database.ts";
import { spoilsConnection } from "./sqlstate.ts";

/**
 * Lends a connection of the pool. One that may fail the same way again is closed, and the pool opens
 * another in its place.
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
    isSpoilt = spoilsConnection(error);
    throw error;
  } finally {
    client.release(isSpoilt);
  }
}
