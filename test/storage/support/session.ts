import { setTimeout as sleep } from "node:timers/promises";
import type pg from "pg";
import { inject, onTestFinished } from "vitest";
import { connectClient, urlOf } from "../../support/database.ts";
import type { ContactPair } from "./pairs.ts";

/** Opens a connection besides those of the service. It is closed when the running test ends. */
export async function openSession(url: string): Promise<pg.Client> {
  const session = await connectClient(url);
  onTestFinished(() => session.end());
  return session;
}

/** Waits until the condition holds. The time limit of the test ends a wait that never succeeds. */
export async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await sleep(10);
}

const insertPair = "INSERT INTO contact (app_id, owner_id, contact_id) VALUES ($1, $2, $3)";

/** Inserts a pair in a transaction that stays open. Other insertions of the pair wait for it. */
export async function holdInsert(session: pg.Client, appId: number, pair: ContactPair) {
  await session.query("BEGIN");
  await session.query(insertPair, [appId, pair.ownerId, pair.contactId]);
}

/** Locks an existing pair in a transaction that stays open. Deletions of the pair wait for it. */
export async function holdRow(session: pg.Client, appId: number, pair: ContactPair) {
  await session.query("BEGIN");
  const { rowCount } = await session.query(
    "SELECT FROM contact WHERE app_id = $1 AND owner_id = $2 AND contact_id = $3 FOR UPDATE",
    [appId, pair.ownerId, pair.contactId],
  );
  if (rowCount !== 1) throw new Error("there is no such pair to lock");
}

interface Backend {
  readonly pid: number;
  readonly state: string;
  readonly waits: boolean;
}

/** The service's connections to the database of the session, as Postgres sees them. */
export async function backendsOf(session: pg.Client): Promise<Backend[]> {
  // In a transaction Postgres repeats its first answer until the snapshot is cleared.
  await session.query("SELECT pg_stat_clear_snapshot()");
  const { rows } = await session.query<Backend>(
    `SELECT pid, state, coalesce(wait_event_type = 'Lock', false) AS waits
     FROM pg_stat_activity
     WHERE datname = current_database() AND application_name LIKE 'kith%'`,
  );
  return rows;
}

/** Waits until this many of the service's statements wait for a lock. */
export function untilWaiting(session: pg.Client, count = 1): Promise<void> {
  return until(async () => (await countWaiting(session)) >= count);
}

/** The number of the service's statements that have waited for a lock for so long, on all nodes of Citus. */
export async function countWaiting(session: pg.Client, since = "0 s"): Promise<number> {
  const [, ...workers] = inject("citus")?.nodes ?? [];
  const counts = workers.map(async (worker) => {
    const client = await connectClient(urlOf(worker, session.database ?? ""));
    try {
      return await countIn(client, "citus_internal%", since);
    } finally {
      await client.end();
    }
  });
  counts.push(countIn(session, "kith%", since));
  return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
}

async function countIn(client: pg.Client, applications: string, since: string): Promise<number> {
  // In a transaction Postgres repeats its first answer until the snapshot is cleared.
  await client.query("SELECT pg_stat_clear_snapshot()");
  const { rows } = await client.query<{ count: number }>(
    `SELECT count(*)::int FROM pg_stat_activity
     WHERE datname = current_database() AND application_name LIKE $1
       AND wait_event_type = 'Lock' AND clock_timestamp() - query_start >= $2::interval`,
    [applications, since],
  );
  return rows[0]?.count ?? 0;
}

/** Waits until none of the service's connections runs a statement. */
export function untilIdle(session: pg.Client): Promise<void> {
  return until(async () => (await backendsOf(session)).every(({ state }) => state === "idle"));
}

/**
 * The number of deadlocks in the database. Connections report them at their end at the latest, so call
 * this after those of the service are closed.
 */
export async function countDeadlocks(session: pg.Client): Promise<number> {
  await until(async () => (await backendsOf(session)).length === 0);
  const { rows } = await session.query<{ deadlocks: string }>(
    "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()",
  );
  return Number(rows[0]?.deadlocks);
}
