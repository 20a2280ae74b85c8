import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import type { OnLost } from "../contact/run-batch.ts";
import { processIdOf, requestCancel } from "./cancel-request.ts";
import { idle } from "./connection.ts";
import type { Pool } from "./database.ts";
import type { DatabaseClient } from "./database-client.ts";
import { sessionOf } from "./session.ts";
import { mustDiscardConnection } from "./sqlstate.ts";

export interface WriteOptions {
  /** When the transaction must have ended, on the clock of `performance.now()`. */
  readonly endsAt: number;
  /** Longest wait for one lock, in milliseconds; absent: only `endsAt` limits it. */
  readonly lockTimeoutMs?: number | undefined;
  /** True: waits until no other transaction that takes turns is in progress, in any process. */
  readonly takesTurn: boolean;
  /** Cancels the transaction, for example when the caller has disconnected. Absent: only `endsAt` does. */
  readonly signal?: Pick<AbortSignal, "aborted"> | undefined;
  readonly onLost: OnLost;
}

/** The driver must not give up a transaction whose outcome is not known: this is its longest timeout. */
export const withoutQueryTimeout = { query_timeout: 2 ** 31 - 1 };

/** Time after `endsAt` until this process cancels, in milliseconds. The limits in the database come first. */
const cancelAfterMs = 200;
/** A connection on which the cancellation has no effect for this time counts as lost, in milliseconds. */
const lostAfterMs = 1_000;
/** Time between two cancel requests, between two look-ups, and between two looks at the signal. */
const repeatMs = 250;

/**
 * Runs a transaction that writes, and waits until it has ended. After `endsAt`, or when the signal is
 * aborted, the transaction is cancelled, also if the database waits for a standby in its commit. If the
 * connection is lost, it counts against the pool until the transaction has ended in the database.
 *
 * @param work gets the milliseconds that are left
 */
export async function withWriteConnection<T>(
  pool: Pool,
  { endsAt, signal, onLost }: WriteOptions,
  work: (client: pg.PoolClient, budgetMs: number) => Promise<T>,
): Promise<T> {
  const client = await pool.connect();
  const budgetMs = endsAt - performance.now();
  const cancellation = cancelAfter(client, endsAt, signal);
  let mustDiscard = false;
  let ended: Promise<void> | undefined;
  try {
    return await work(client, budgetMs);
  } catch (error) {
    mustDiscard = mustDiscardConnection(error) || client.getTransactionStatus() !== idle;
    if (isLost(client, error)) {
      ended = untilEnded(pool, client, endsAt);
      onLost(ended);
    }
    throw error;
  } finally {
    cancellation.stop();
    // A cancel request that arrives late would cancel the next transaction of the connection.
    const discards = mustDiscard || cancellation.isRequested;
    if (ended === undefined) client.release(discards);
    else void ended.then(() => client.release(true));
  }
}

/** Cancels what the client runs after `endsAt`, or when the signal is aborted, until it is stopped. */
function cancelAfter(client: pg.PoolClient, endsAt: number, signal: WriteOptions["signal"]) {
  const cancelAt = Math.max(performance.now(), endsAt) + cancelAfterMs;
  let lostAt = Infinity;
  let timer: NodeJS.Timeout;
  const cancellation = { isRequested: false, stop: () => clearTimeout(timer) };

  function look() {
    const now = performance.now();
    // The deadline aborts the signal too, and then the limits in the database come first.
    const isDue = now >= cancelAt || (signal?.aborted && now < endsAt);
    if (isDue && !cancellation.isRequested) {
      cancellation.isRequested = true;
      lostAt = now + lostAfterMs;
    }
    if (now >= lostAt) {
      client.connection.stream.destroy();
      return;
    }
    // Repeated, because a request has no effect on a statement that has not begun.
    if (cancellation.isRequested) void requestCancel(client);
    timer = setTimeout(look, repeatMs);
  }
  timer = setTimeout(look, repeatMs);
  return cancellation;
}

function isLost(client: pg.PoolClient, error: unknown): boolean {
  return client.connection.stream.destroyed && !(error instanceof pg.DatabaseError);
}

/**
 * Resolves when the transaction of a lost connection has ended, which it cancels. While the database
 * cannot be reached, it waits until `endsAt`: then the limits in the database have ended the transaction.
 */
async function untilEnded(pool: Pool, client: pg.PoolClient, endsAt: number): Promise<void> {
  // A pool that ends waits for its connections, and its process begins no more transactions.
  while (!pool.ending) {
    await requestCancel(client);
    const exists = await isRunning(client).catch(() => performance.now() < endsAt);
    if (!exists) return;
    await sleep(repeatMs);
  }
}

/** Cancels the statement of the transaction, and returns a row if there is one. */
const cancelByName = `
  SELECT pg_cancel_backend(pid) FROM pg_stat_activity
  WHERE application_name = $1 AND pid <> pg_backend_pid()`;

/** On a connection of its own, because lost connections may have filled the pool. */
async function isRunning(client: pg.PoolClient): Promise<boolean> {
  const { pooled } = sessionOf(client);
  const observer = new pg.Client((client as unknown as DatabaseClient).config);
  observer.on("error", () => {});
  await observer.connect();
  try {
    // A pooler hides the server process. The transaction runs under a name of its own there.
    const { rowCount } =
      pooled === undefined
        ? await observer.query("SELECT FROM pg_stat_activity WHERE pid = $1", [processIdOf(client)])
        : await observer.query(cancelByName, [pooled.applicationName]);
    return rowCount !== 0;
  } finally {
    await observer.end();
  }
}
