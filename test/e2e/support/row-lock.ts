import pg from "pg";
import { usualOptions } from "../../support/hostile-defaults.ts";
import { eventually } from "./eventually.ts";

export interface HeldPair extends AsyncDisposable {
  /** Statements of the service that wait for what is held, or for anything else that is locked. */
  waiting(): Promise<number>;
  /** Waits until at least this many statements wait; with 0, until none does. */
  untilWaiting(count: number): Promise<void>;
  /** Asks the database, beside the transaction that holds the pair. */
  query(text: string): Promise<pg.QueryResult>;
  /** Lets go of what is held, as if it had never been added. */
  release(): Promise<void>;
}

/** As `holdPairs`, of one pair. */
export function holdPair(
  databaseUrl: string,
  appId: number,
  [owner, contact]: readonly [owner: string, contact: string],
): Promise<HeldPair> {
  return holdPairs(databaseUrl, appId, owner, [contact]);
}

/**
 * Adds contacts of an owner in a transaction that does not end: a sync that adds one of them has to wait
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

async function connected(databaseUrl: string): Promise<pg.Client> {
  const client = new pg.Client({
    connectionString: databaseUrl,
    options: usualOptions,
    application_name: "test",
  });
  // Dropping the database ends its connections.
  client.on("error", () => {});
  await client.connect();
  return client;
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
