import type { AppStore } from "../access/app-store.ts";
import type { KeyStore } from "../access/key-store.ts";
import type { Config } from "../config.ts";
import { parseConfig } from "../config.ts";
import type { Pool } from "../storage/database.ts";
import { createDatabaseOn, createPool } from "../storage/database.ts";
import { distribute } from "../storage/distributed/distribute.ts";
import { migrate } from "../storage/migrate.ts";
import { createPostgresAppStore } from "../storage/postgres-app-store.ts";
import { createPostgresKeyStore } from "../storage/postgres-key-store.ts";
import { grantRights } from "../storage/rights.ts";
import { DatabaseError, databaseName } from "../storage/startup.ts";
import type { Counts, TransferDatabase } from "../storage/transfer-format.ts";

/** Longest that one statement of a command runs, in milliseconds. */
const timeoutMs = 30_000;
/** Longest that one statement of a migration runs, in milliseconds. */
const migrationTimeoutMs = 3_600_000;

export interface Stores {
  readonly config: Config;
  readonly keys: KeyStore;
  readonly apps: AppStore;
}

/** Runs a command on the database, which is migrated first. */
export function withStores(command: (stores: Stores) => Promise<void>): Promise<void> {
  return withDatabase(timeoutMs, (db, { config }) => {
    const keys = createPostgresKeyStore(db);
    return command({ config, keys, apps: createPostgresAppStore({ db, keys }) });
  });
}

export interface MigrateDatabaseOptions {
  /** A role that gets the rights of a service that does not migrate. */
  readonly grantTo?: string | undefined;
  /** Distributes the contacts over the nodes of Citus. Absent: they stay as they are. */
  readonly distribute?: { readonly shards?: number | undefined } | undefined;
}

/**
 * Migrates the database.
 *
 * @returns the migrations that this call ran
 */
export async function migrateDatabase({
  grantTo,
  distribute: wanted,
}: MigrateDatabaseOptions): Promise<readonly string[]> {
  let ran: readonly string[] = [];
  await withDatabase(migrationTimeoutMs, async (db, { migrations, schema }) => {
    if (wanted !== undefined) await distribute(db, { ...wanted, schema });
    if (grantTo !== undefined) await grantRights(db, schema, grantTo);
    ran = migrations;
  });
  return ran;
}

/** Runs a command on a pool of one connection, whose statements may take any time. */
export function withPool(
  command: (database: TransferDatabase) => Promise<Counts>,
): Promise<Counts> {
  return withDatabase(migrationTimeoutMs, (_, { pool, schema }) => command({ pool, schema }));
}

type Db = ReturnType<typeof createDatabaseOn>;

interface Opened {
  readonly config: Config;
  readonly migrations: readonly string[];
  readonly schema: string;
  readonly pool: Pool;
}

async function withDatabase<T>(
  limitMs: number,
  work: (db: Db, opened: Opened) => Promise<T>,
): Promise<T> {
  await using stack = new AsyncDisposableStack();
  const config = parseConfig(process.env);
  const embedded = config.databaseUrl === undefined ? await joinEmbedded(config) : undefined;
  if (embedded !== undefined) stack.defer(() => embedded.stop());
  const pool = createPool({
    connectionString: config.databaseUrl ?? embedded?.connectionString ?? "",
    schema: config.databaseSchema,
    prepares: config.databasePrepare,
    poolSize: 1,
    timeoutMs: limitMs,
    onConnectionLost: () => {},
  });
  stack.defer(() => pool.end());
  const db = createDatabaseOn(pool);
  const { migrations, schema } = await migrate(db, {
    schema: config.databaseSchema,
    onWait: () => console.error("waiting for another process that migrates the database"),
    onNewer: () => console.error("warning: the schema is newer than this version of Kith"),
  }).catch((error) => {
    throw new DatabaseError(databaseName(config), error);
  });
  return await work(db, { config, migrations, schema, pool });
}

async function joinEmbedded({ dataDir }: Config) {
  const { joinEmbeddedPostgres } = await import("../embedded/postgres.ts");
  return joinEmbeddedPostgres({ dataDir });
}
