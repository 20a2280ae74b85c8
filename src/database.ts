import type { Logger } from "pino";
import { ensureDemoKey } from "./access/bootstrap.ts";
import { keyState } from "./access/key-state.ts";
import type { ServerKey } from "./access/server-key.ts";
import type { Config } from "./config.ts";
import type { Pool } from "./storage/database.ts";
import { createDatabaseOn } from "./storage/database.ts";
import { createPostgresKeyStore } from "./storage/postgres-key-store.ts";
import type { Prepared } from "./storage/startup.ts";
import { databaseName, prepareDatabase, whenAvailable } from "./storage/startup.ts";

/** A migrated database, and how to reach it. */
export interface PreparedDatabase extends Prepared {
  readonly connectionString: string;
  /** Only the embedded database has one. */
  readonly demoKey?: ServerKey | undefined;
}

/** A migrated database. If it is the embedded one, it ends when it is disposed of. */
export interface OpenDatabase extends PreparedDatabase, AsyncDisposable {}

export interface OpenDatabaseOptions {
  readonly config: Config;
  readonly logger: Logger;
  /** Called if the embedded database has ended, so that the service cannot continue. */
  readonly onFatal: (message: string) => void;
}

/** The connections that the embedded Postgres accepts by default, and those that the workers leave for others. */
const embeddedConnections = { least: 100, spare: 20 };

/**
 * Starts the embedded database unless the operator has set another one, and migrates it.
 *
 * @throws DatabaseError; Error for any other reason why the database cannot be used
 */
export async function openDatabase(options: OpenDatabaseOptions): Promise<OpenDatabase> {
  const { config, logger, onFatal } = options;
  await using stack = new AsyncDisposableStack();
  const embedded =
    config.databaseUrl === undefined ? await startEmbedded(config, onFatal) : undefined;
  if (embedded !== undefined) stack.defer(() => embedded.postgres.stop());
  const connectionString = config.databaseUrl ?? embedded?.postgres.connectionString ?? "";
  const { schema, shardRows } = await prepareDatabase({
    connectionString,
    schema: config.databaseSchema,
    migrates: config.migrates,
    prepares: config.databasePrepare,
    name: databaseName(config),
    logger,
  });
  const resources = stack.move();
  return {
    connectionString,
    schema,
    shardRows,
    demoKey: embedded?.demoKey,
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

/** The embedded Postgres is not part of a production install, so it is loaded on demand. */
async function startEmbedded(config: Config, onExit: (message: string) => void) {
  const { dataDir, workers, databasePoolSize } = config;
  const [{ startEmbeddedPostgres }, { loadDemoKey }] = await Promise.all([
    import("./embedded/postgres.ts"),
    import("./embedded/demo-key.ts"),
  ]);
  const { least, spare } = embeddedConnections;
  const maxConnections = Math.max(least, workers * databasePoolSize + spare);
  const settings = { max_connections: String(maxConnections) };
  const postgres = await startEmbeddedPostgres({ dataDir, settings, onExit });
  return { postgres, demoKey: await loadDemoKey(dataDir) };
}

export interface BootstrapKeyOptions extends Pick<OpenDatabaseOptions, "config" | "logger"> {
  readonly pool: Pool;
  /** The key of the embedded database. */
  readonly demoKey: ServerKey | undefined;
}

/** Creates the Server-Key of the configuration, or the demo key, if there is one and it does not exist. */
export async function createBootstrapKey(options: BootstrapKeyOptions): Promise<void> {
  const { config, logger, pool, demoKey } = options;
  const key = config.bootstrapServerKey ?? demoKey;
  if (key === undefined) return;
  const keys = createPostgresKeyStore(createDatabaseOn(pool));
  const name = databaseName(config);
  const record = await whenAvailable({ name, logger }, () => ensureDemoKey(keys, key));
  const state = keyState(record);
  if (state !== "active") logger.warn({ keyId: record.id }, `the bootstrap Server-Key is ${state}`);
}
