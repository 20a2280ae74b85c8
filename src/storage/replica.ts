import { setTimeout as sleep } from "node:timers/promises";
import type { DatabaseOptions, Pool } from "./database.ts";
import { createPool } from "./database.ts";

export interface ReplicaOptions extends Omit<DatabaseOptions, "onConnectionLost" | "kind"> {
  /** Leads to the primary. */
  readonly primary: Pool;
  /** How far behind the replica may be, in milliseconds. */
  readonly maxLagMs: number;
}

/** A server for reads that may be stale. */
export interface Replica {
  readonly pool: Pool;
  /** Whether the replica has everything that was committed `maxLagMs` ago. */
  isFresh(): boolean;
  close(): Promise<void>;
}

/** Shortest time between two comparisons, in milliseconds. */
const leastPauseMs = 50;

const isReplayed = `
  SELECT coalesce(pg_last_wal_replay_lsn() >= $1::pg_lsn, NOT pg_is_in_recovery()) AS is_replayed`;

/**
 * Compares the replica with the primary all the time: the replica must have everything that the primary had
 * written when it was asked. The clocks of the servers do not matter, and a replica that receives no more
 * changes is noticed.
 */
export function openReplica({ primary, maxLagMs, ...options }: ReplicaOptions): Replica {
  // The primary answers while the replica cannot be reached.
  const pool = createPool({ ...options, kind: "replica", onConnectionLost: () => {} });
  let freshAt = Number.NEGATIVE_INFINITY;
  const stopping = new AbortController();

  async function compare(): Promise<void> {
    const askedAt = performance.now();
    const { rows } = await primary.query<{ lsn: string }>("SELECT pg_current_wal_lsn() AS lsn");
    while (performance.now() - askedAt < maxLagMs && !stopping.signal.aborted) {
      const answer = await pool.query<{ is_replayed: boolean }>(isReplayed, [rows[0]?.lsn]);
      if (answer.rows[0]?.is_replayed) {
        freshAt = askedAt;
        return;
      }
      await sleep(leastPauseMs / 5, undefined, { ref: false });
    }
  }

  async function watch(): Promise<void> {
    const pauseMs = Math.max(leastPauseMs, maxLagMs / 4);
    while (!stopping.signal.aborted) {
      // While a server cannot be reached, the replica stops counting as fresh.
      await compare().catch(() => {});
      await sleep(pauseMs, undefined, { ref: false, signal: stopping.signal }).catch(() => {});
    }
  }

  void watch();
  return {
    pool,
    isFresh: () => performance.now() - freshAt <= maxLagMs,
    close() {
      stopping.abort();
      return pool.end();
    },
  };
}
