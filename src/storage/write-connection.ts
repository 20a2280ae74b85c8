import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import type { OnLost } from "../contact/group-commit.ts";
import { processIdOf, requestCancel } from "./cancel-request.ts";
import { withConnection } from "./connection.ts";
import type { Pool } from "./database.ts";

export interface WriteOptions {
  /** When the transaction must have ended, on the clock of `performance.now()`. */
  readonly endsAt: number;
  /** Longest wait for one lock, in milliseconds; absent: no limit but `endsAt`. */
  readonly lockTimeoutMs?: number | undefined;
  /** True: waits until no other transaction that takes turns is in progress, in any process. */
  readonly takesTurn: boolean;
  readonly onLost: OnLost;
}

/** The driver must not give up a transaction whose outcome is open: this is its longest timeout. */
export const withoutQueryTimeout = { query_timeout: 2 ** 31 - 1 };

/** The limits in the database come first. After this time this process cancels the transaction. */
const cancelAfterMs = 200;
/** Time between two cancel requests, and between two looks at the database. */
const repeatMs = 250;

/**
 * Runs a transaction that writes, and waits until it has ended. At `endsAt` the transaction is cancelled,
 * also where the database waits for a standby in its commit. Until it has ended, it holds its connection.
 *
 * @param work gets the milliseconds that are left
 */
export function withWriteConnection<T>(
  pool: Pool,
  { endsAt, onLost }: WriteOptions,
  work: (client: pg.PoolClient, budgetMs: number) => Promise<T>,
): Promise<T> {
  return withConnection(pool, async (client) => {
    const budgetMs = endsAt - performance.now();
    const cancellation = cancelAfter(client, Math.max(0, budgetMs) + cancelAfterMs);
    try {
      return await work(client, budgetMs);
    } catch (error) {
      if (isLost(client, error)) onLost(untilEnded(pool, client, endsAt));
      throw error;
    } finally {
      cancellation.stop();
    }
  });
}

/** Repeats, as a request has no effect on a statement that has not begun. */
function cancelAfter(client: pg.PoolClient, milliseconds: number): { stop(): void } {
  let isCancelled = false;
  let timer = setTimeout(cancel, milliseconds);
  function cancel() {
    isCancelled = true;
    void requestCancel(client);
    timer = setTimeout(cancel, repeatMs);
  }
  return {
    stop() {
      clearTimeout(timer);
      // A request that is late would cancel the next transaction: the pool closes a connection that ends.
      if (isCancelled) void client.end().catch(() => {});
    },
  };
}

function isLost(client: pg.PoolClient, error: unknown): boolean {
  return client.connection.stream.destroyed && !(error instanceof pg.DatabaseError);
}

/**
 * Resolves when the server process of a lost connection is gone, which it cancels. Where the database
 * cannot be reached, its own limit ends the transaction.
 */
async function untilEnded(pool: Pool, client: pg.PoolClient, endsAt: number): Promise<void> {
  const processId = processIdOf(client);
  for (;;) {
    await requestCancel(client);
    try {
      const found = await pool.query("SELECT FROM pg_stat_activity WHERE pid = $1", [processId]);
      if (found.rowCount === 0) return;
    } catch {
      if (performance.now() > endsAt) return;
    }
    await sleep(repeatMs);
  }
}
