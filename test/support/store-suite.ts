import type { Kysely } from "kysely";
import pg from "pg";
import { afterAll, beforeAll, describe, onTestFinished } from "vitest";
import type { ContactStore } from "../../src/contact/contact-store.ts";
import type { Pool } from "../../src/storage/database.ts";
import { createDatabaseOn, createPool } from "../../src/storage/database.ts";
import type { Database } from "../../src/storage/schema.ts";
import { describeConcurrency } from "../storage/suite/concurrency.ts";
import { describeConnections } from "../storage/suite/connections.ts";
import { describeCounts } from "../storage/suite/counts.ts";
import { describeDeadlines } from "../storage/suite/deadlines.ts";
import { describeErase } from "../storage/suite/erase.ts";
import { describeFailures } from "../storage/suite/failures.ts";
import { describeFingerprints } from "../storage/suite/fingerprints.ts";
import { describeIds } from "../storage/suite/ids.ts";
import { describeIsolation } from "../storage/suite/isolation.ts";
import { describeLockOrder } from "../storage/suite/lock-order.ts";
import { describeModel } from "../storage/suite/model.ts";
import { describeOwnerLocks } from "../storage/suite/owner-locks.ts";
import { describePageWalks } from "../storage/suite/page-walks.ts";
import { describeReads } from "../storage/suite/reads.ts";
import { describeReplace } from "../storage/suite/replace.ts";
import { describeReplaceAtOnce } from "../storage/suite/replace-at-once.ts";
import { describeRetries } from "../storage/suite/retries.ts";
import { describeSerialOrder } from "../storage/suite/serial-order.ts";
import type { ContactPair } from "../storage/support/pairs.ts";
import type { TestDatabase } from "./database.ts";
import { createTestDatabase } from "./database.ts";
import { usualOptions } from "./hostile-defaults.ts";
import { patienceMs } from "./patience.ts";

export interface StoreOptions {
  readonly pool: Pool;
  readonly statementTimeoutMs: number;
}

export interface SuiteOptions {
  /** Makes the store under test, on a database that is migrated. */
  readonly createStore: (options: StoreOptions) => ContactStore;
}

export interface OpenOptions {
  readonly poolSize?: number;
  /** Longest that a statement may take, in milliseconds. */
  readonly timeoutMs?: number;
  /** Longest that a joined transaction waits for a lock, in milliseconds. */
  readonly lockTimeoutMs?: number;
}

export interface OpenStore {
  readonly store: ContactStore;
  readonly db: Kysely<Database>;
  /** The connection string of the database. */
  readonly url: string;
  /** Closes the store's connections, as the end of the test does. */
  close(): Promise<void>;
}

export interface Suite {
  /** A store on the database that the tests of the suite share. */
  open(options?: OpenOptions): Promise<OpenStore>;
  /** A store on a database of the test's own. */
  openAlone(options?: OpenOptions): Promise<OpenStore>;
  /** Another store on the database of one, as another process has it. */
  openOn(url: string, options?: OpenOptions): OpenStore;
  /** The number of an app that no other test uses. */
  newApp(): number;
  /** What the app has stored, read past the store. */
  contactsOf(appId: number, url?: string): Promise<ContactPair[]>;
}

/**
 * What every `ContactStore` must do, on a real Postgres. A store of another make (one that joins
 * requests, or knows of shards) is tested by one more call.
 */
export function describeContactStore(name: string, options: SuiteOptions): void {
  describe(name, () => {
    const suite = createSuite(options);
    describe("counts", () => describeCounts(suite));
    describe("ids", () => describeIds(suite));
    describe("model", () => describeModel(suite));
    describe("deadlines", () => describeDeadlines(suite));
    describe("failures", () => describeFailures(suite));
    describe("retries", () => describeRetries(suite));
    describe("connections", () => describeConnections(suite));
    describe("lock order", () => describeLockOrder(suite));
    describe("owner locks", () => describeOwnerLocks(suite));
    describe("concurrency", () => describeConcurrency(suite));
    describe("reads", () => describeReads(suite));
    describe("page walks", () => describePageWalks(suite));
    describe("fingerprints", () => describeFingerprints(suite));
    describe("replace", () => describeReplace(suite));
    describe("replacements at once", () => describeReplaceAtOnce(suite));
    describe("serial order", () => describeSerialOrder(suite));
    describe("erase", () => describeErase(suite));
    describe("isolation", () => describeIsolation(suite));
  });
}

function createSuite({ createStore }: SuiteOptions): Suite {
  let shared: TestDatabase;
  let apps = 0;
  beforeAll(async () => {
    shared = await createTestDatabase();
  });
  afterAll(() => shared.drop());

  function openOn(url: string, options: OpenOptions = {}): OpenStore {
    const { poolSize = 4, timeoutMs = patienceMs, lockTimeoutMs = 100 } = options;
    const pool = createPool({
      connectionString: url,
      poolSize,
      timeoutMs,
      lockTimeoutMs,
      onConnectionLost: () => {},
    });
    const db = createDatabaseOn(pool);
    let closing: Promise<void> | undefined;
    const close = () => {
      closing ??= pool.end();
      return closing;
    };
    onTestFinished(close);
    return { store: createStore({ pool, statementTimeoutMs: timeoutMs }), db, url, close };
  }

  return {
    open: async (options = {}) => openOn(shared.url, options),
    async openAlone(options = {}) {
      const alone = await createTestDatabase();
      onTestFinished(() => alone.drop());
      return openOn(alone.url, options);
    },
    openOn,
    newApp() {
      apps += 1;
      return apps;
    },
    contactsOf: (appId, url = shared.url) => readContacts(url, appId),
  };
}

async function readContacts(connectionString: string, appId: number): Promise<ContactPair[]> {
  const session = new pg.Client({ connectionString, options: usualOptions });
  await session.connect();
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
