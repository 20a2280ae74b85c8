import { randomBytes } from "node:crypto";
import type pg from "pg";
import type { Pool } from "./database.ts";
import { sessionOf } from "./session.ts";

/** In transaction mode, one attempt nearly always shows that two connections share a session of the server. */
const maxAttempts = 10;

/**
 * Checks that a pooler, if there is one, keeps the prepared statements of its clients. PgBouncer does so from
 * version 1.21 on, and gives them names of its own. In session mode no pooler has to.
 *
 * @param pool may open two connections
 * @throws Error with a text that says what to change
 */
export async function checkPooler(pool: Pool): Promise<void> {
  const one = await pool.connect();
  try {
    if (sessionOf(one).pooled === undefined) return;
    if (!(await keepsOwnName(one))) return;
    if (!(await shareSessions(pool, one))) return;
  } finally {
    one.release(true);
  }
  throw new Error(
    "the pooler keeps no prepared statements; set DATABASE_PREPARE=off, or use PgBouncer 1.21 or later with max_prepared_statements above 0",
  );
}

/** Whether a prepared statement has the same name in the server. */
async function keepsOwnName(client: pg.PoolClient): Promise<boolean> {
  const name = `kith_probe_${randomBytes(6).toString("hex")}`;
  const text = "SELECT FROM pg_catalog.pg_prepared_statements WHERE name = $1";
  await client.query("BEGIN");
  const { rowCount } = await client.query({ name, text, values: [name] });
  // Other clients use the session too.
  if (rowCount !== 0) await client.query(`DEALLOCATE ${name}`);
  await client.query("COMMIT");
  return rowCount !== 0;
}

/** Whether the same server process serves two connections, one transaction after another. */
async function shareSessions(pool: Pool, one: pg.PoolClient): Promise<boolean> {
  const other = await pool.connect();
  try {
    for (let attempt = 1; attempt <= maxAttempts; attempt++) {
      if ((await processOf(one)) === (await processOf(other))) return true;
    }
    return false;
  } finally {
    other.release(true);
  }
}

async function processOf(client: pg.PoolClient): Promise<number | undefined> {
  const { rows } = await client.query<{ pid: number }>("SELECT pg_catalog.pg_backend_pid() AS pid");
  return rows[0]?.pid;
}
