import type { PostgresPool, PostgresPoolClient } from "kysely";
import type pg from "pg";
import { idle } from "./connection.ts";
import type { Pool } from "./database.ts";
import { sessionOf } from "./session.ts";

/**
 * The pool for Kysely. Behind a pooler a query outside a transaction runs in one of its own, which sets what
 * the query needs, in one round trip. A transaction of Kysely sets it after it has begun.
 */
export function settlePool(pool: Pool): PostgresPool {
  return {
    options: pool.options,
    connect: async () => settleClient(await pool.connect()),
    end: () => pool.end(),
  } as PostgresPool;
}

/** Kysely keeps what it knows of a connection by its client. */
const settled = new WeakMap<pg.PoolClient, PostgresPoolClient>();

function settleClient(client: pg.PoolClient): PostgresPoolClient {
  const { pooled } = sessionOf(client);
  if (pooled === undefined) return client as unknown as PostgresPoolClient;
  const known = settled.get(client);
  if (known !== undefined) return known;

  const query = (text: string, values: readonly unknown[]) => {
    if (client.getTransactionStatus() !== idle) return client.query(text, [...values]);
    if (!isBegin(text)) {
      return runAll(client, [
        [beginReadCommitted, []],
        [pooled.settingsText, []],
        [text, values],
        ["COMMIT", []],
      ]).then(([, , result]) => result);
    }
    const opening = text === "begin" ? beginReadCommitted : text;
    return runAll(client, [
      [opening, []],
      [pooled.settingsText, []],
    ]).then(([result]) => result);
  };
  const wrapped = { query, release: (discard?: boolean) => client.release(discard) };
  settled.set(client, wrapped as unknown as PostgresPoolClient);
  return wrapped as unknown as PostgresPoolClient;
}

const beginReadCommitted = "BEGIN ISOLATION LEVEL READ COMMITTED";

function isBegin(text: string): boolean {
  return text === "begin" || text.startsWith("start transaction");
}

/** Sends the queries in one round trip. @throws the first error, after all have ended */
async function runAll(
  client: pg.PoolClient,
  queries: readonly (readonly [text: string, values: readonly unknown[]])[],
) {
  const sent = queries.map(([text, values]) => client.query(text, [...values]));
  await Promise.allSettled(sent);
  return Promise.all(sent);
}
