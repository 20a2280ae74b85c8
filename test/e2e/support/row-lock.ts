import type pg from "pg";
import { connectClient } from "../../support/database.ts";
import { eventually } from "./eventually.ts";

export interface HeldPair extends AsyncDisposable {
  /** The number of statements of the service that wait for any lock. */
  waiting(): Promise<number>;
  /** Waits until at least this many statements wait; with 0, until none does. */
  untilWaiting(count: number): Promise<void>;
  /** Runs a query in a session that does not hold the pair. */
  query(text: string): Promise<pg.QueryResult>;
  /** Ends the transaction, so that the pairs were never added. */
  release(): Promise<void>;
}

/** Like `holdPairs`, for one pair. */
export function holdPair(
  databaseUrl: string,
  appId: number,
  [owner, contact]: readonly [owner: string, contact: string],
): Promise<HeldPair> {
  return holdPairs(databaseUrl, appId, owner, [contact]);
}

/**
 * Adds contacts of an owner in a transaction that does not end. A sync that adds one of them waits
 * for it in the database.
 */
export async function holdPairs(
  databaseUrl: string,
  appId: number,
  owner: string,
  contacts: readonly string[],
): Promise<HeldPair> {
  const holder = await connected(databaseUrl);
  const watcher = await connected(databaseUrl);
  await holder.query("BEGIN");
  await holder.query(
    `INSERT INTO contact (app_id, owner_id, contact_id)
     SELECT $1, $2, unnest($3::text[])`,
    [appId, owner, contacts],
  );

  async function waiting(): Promise<number> {
    const { rows } = await watcher.query<{ count: number }>(
      `SELECT count(*)::integer AS count FROM pg_stat_activity
       WHERE datname = current_database() AND application_name = 'kith' AND wait_event_type = 'Lock'`,
    );
    return rows[0]?.count ?? 0;
  }

  return {
    waiting,
    query: (text) => watcher.query(text),
    untilWaiting: (count) =>
      eventually(`${count} statements wait`, async () => {
        const now = await waiting();
        return count === 0 ? now === 0 : now >= count;
      }),
    async release() {
      await holder.query("ROLLBACK");
    },
    async [Symbol.asyncDispose]() {
      await holder.end();
      await watcher.end();
    },
  };
}

function connected(databaseUrl: string): Promise<pg.Client> {
  return connectClient(databaseUrl, { application_name: "test" });
}

/** The contacts that an owner has in the database. */
export async function storedContacts(databaseUrl: string, owner: string): Promise<string[]> {
  const client = await connected(databaseUrl);
  try {
    const { rows } = await client.query<{ contact_id: string }>(
      "SELECT contact_id FROM contact WHERE owner_id = $1 ORDER BY contact_id",
      [owner],
    );
    return rows.map((row) => row.contact_id);
  } finally {
    await client.end();
  }
}
