import type { Kysely } from "kysely";
import { afterAll, beforeAll, inject, onTestFinished } from "vitest";
import type { ContactStore } from "../../src/contact/contact-store.ts";
import type { Pool } from "../../src/storage/database.ts";
import { createDatabaseOn, createPool } from "../../src/storage/database.ts";
import { createShards } from "../../src/storage/distributed/shards.ts";
import { createPostgresContactStore } from "../../src/storage/postgres-contact-store.ts";
import type { Database } from "../../src/storage/schema.ts";
import type { DatabaseProxy } from "../e2e/support/database-proxy.ts";
import { startDatabaseProxy } from "../e2e/support/database-proxy.ts";
import type { ContactPair } from "../storage/support/pairs.ts";
import type { TestDatabase } from "./database.ts";
import { connectClient, createTestDatabase, serviceConnection } from "./database.ts";
import { patienceMs } from "./patience.ts";

export interface OpenOptions {
  readonly poolSize?: number;
  /** The maximum duration of a statement, in milliseconds. */
  readonly timeoutMs?: number;
  /** The maximum wait of a joined transaction for a lock, in milliseconds. */
  readonly lockTimeoutMs?: number;
}

export interface OpenStore {
  readonly store: ContactStore;
  readonly db: Kysely<Database>;
  readonly pool: Pool;
  /** The connection string of the database. */
  readonly url: string;
  /** Closes the connections of the store. They are also closed when the test ends. */
  close(): Promise<void>;
}

export interface ProxiedStore extends OpenStore {
  readonly proxy: DatabaseProxy;
}

export interface Suite {
  /** A store on the database that the tests of the file share. */
  open(options?: OpenOptions): Promise<OpenStore>;
  /** A store on a separate database. */
  openAlone(options?: OpenOptions): Promise<OpenStore>;
  /** Another store on the same database, like the store of another process. */
  openOn(url: string, options?: OpenOptions): OpenStore;
  /** The same, over a proxy that can be cut. It precedes the pooler if there is one. */
  openBehindProxy(url: string, options?: OpenOptions): Promise<ProxiedStore>;
  /** The number of an app that no other test uses. */
  newApp(): number;
  /** The contacts of the app, read without the store. */
  contactsOf(appId: number, url?: string): Promise<ContactPair[]>;
}

/** Opens contact stores for the tests of a file, which share a database. */
export function createSuite(): Suite {
  let shared: TestDatabase;
  let apps = 0;
  beforeAll(async () => {
    shared = await createTestDatabase();
  });
  afterAll(() => shared.drop());

  function openOver(
    connection: ReturnType<typeof serviceConnection>,
    url: string,
    options: OpenOptions = {},
  ): OpenStore {
    const { poolSize = 4, timeoutMs = patienceMs, lockTimeoutMs = 100 } = options;
    const rows = inject("citus")?.shards;
    const shards = rows && createShards(rows);
    const pool = createPool({
      ...connection,
      poolSize,
      timeoutMs,
      kind: shards === undefined ? "primary" : "distributed",
      onConnectionLost: () => {},
    });
    const db = createDatabaseOn(pool);
    let closing: Promise<void> | undefined;
    const close = () => {
      closing ??= pool.end();
      return closing;
    };
    onTestFinished(close);
    const store = createPostgresContactStore({ pool, shards, timeoutMs, lockTimeoutMs });
    return { store, db, pool, url, close };
  }

  const openOn: Suite["openOn"] = (url, options) => openOver(serviceConnection(url), url, options);

  return {
    open: async (options = {}) => openOn(shared.url, options),
    async openAlone(options = {}) {
      const database = await createTestDatabase();
      onTestFinished(() => database.drop());
      return openOn(database.url, options);
    },
    openOn,
    async openBehindProxy(url, options) {
      const connection = serviceConnection(url);
      const proxy = await startDatabaseProxy(connection.connectionString);
      onTestFinished(() => proxy[Symbol.asyncDispose]());
      return { ...openOver({ ...connection, connectionString: proxy.url }, url, options), proxy };
    },
    newApp() {
      apps += 1;
      return apps;
    },
    contactsOf: (appId, url = shared.url) => readContacts(url, appId),
  };
}

async function readContacts(connectionString: string, appId: number): Promise<ContactPair[]> {
  const session = await connectClient(connectionString);
  try {
    const { rows } = await session.query<ContactPair>(
      'SELECT owner_id AS "ownerId", contact_id AS "contactId" FROM contact WHERE app_id = $1',
      [appId],
    );
    return rows;
  } finally {
    await session.end();
  }
}
