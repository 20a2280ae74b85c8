import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "pino";
import { ensureDemoKey } from "./access/bootstrap.ts";
import { keyState } from "./access/key-state.ts";
import { createKeyUsage } from "./access/key-usage.ts";
import { createKeyVerifier } from "./access/key-verifier.ts";
import type { ServerKey } from "./access/server-key.ts";
import type { Call } from "./api/call.ts";
import { createCallLifecycle } from "./api/call-lifecycle.ts";
import { createCallLog } from "./api/call-log.ts";
import type { Config } from "./config.ts";
import { createDatabaseOn, createPool } from "./storage/database.ts";
import { createPostgresKeyStore } from "./storage/postgres-key-store.ts";
import { createReadiness } from "./storage/readiness.ts";
import { openReplica } from "./storage/replica.ts";
import { databaseName, prepareDatabase, whenAvailable } from "./storage/startup.ts";
import { createListener } from "./transport/listener.ts";
import { createTransports } from "./transports.ts";

export interface App {
  /** Starts to accept requests. @throws Error of the system, such as EADDRINUSE */
  listen(): Promise<AddressInfo>;
  /**
   * Stops the service. For the drain delay it still serves, but is not ready. It then stops accepting
   * requests, lets those in flight end, and closes the database. Requests that do not end within the
   * shutdown timeout are cut off.
   *
   * @returns the calls that were cut off
   */
  close(): Promise<readonly Call[]>;
  /** The demo key of the embedded database; absent if the operator has set a database or a key. */
  readonly demoKey: ServerKey | undefined;
}

export interface AppOptions {
  readonly config: Config;
  readonly logger: Logger;
  /** Called if the embedded database has ended, so that the service cannot continue. */
  readonly onFatal: (message: string) => void;
}

/** Shortest time after which a connection without a complete request is closed, in milliseconds. */
const leastSilenceMs = 10_000;
/** Time after which an HTTP/2 connection without calls is closed, in milliseconds. */
const idleMs = 300_000;
/** Time in which statements can end after their requests were cut off, in milliseconds. */
const cutOffMs = 1_000;

/**
 * Creates the service. Resources are released in reverse order, on `close()` or when startup fails.
 *
 * @throws Fault DATABASE_UNAVAILABLE; Error for any other reason why the service cannot start
 */
export async function createApp({ config, logger, onFatal }: AppOptions): Promise<App> {
  await using stack = new AsyncDisposableStack();

  const embedded =
    config.databaseUrl === undefined ? await startEmbedded(config, onFatal) : undefined;
  if (embedded !== undefined) stack.defer(() => embedded.postgres.stop());
  const connectionString = config.databaseUrl ?? embedded?.postgres.connectionString ?? "";
  const name = databaseName(config);
  const schema = await prepareDatabase({
    connectionString,
    schema: config.databaseSchema,
    migrates: config.migrates,
    name,
    logger,
  });

  const pool = createPool({
    connectionString,
    schema,
    poolSize: config.databasePoolSize,
    prepares: config.databasePrepare,
    timeoutMs: config.requestTimeoutMs,
    onConnectionLost: (err) => logger.warn({ err }, "a database connection was lost"),
  });
  stack.defer(() => pool.end());

  const replica =
    config.databaseReadUrl === undefined
      ? undefined
      : openReplica({
          primary: pool,
          connectionString: config.databaseReadUrl,
          schema,
          poolSize: config.databasePoolSize,
          prepares: config.databasePrepare,
          timeoutMs: config.requestTimeoutMs,
          maxLagMs: config.databaseReadMaxLagMs,
        });
  if (replica !== undefined) stack.defer(() => replica.close());

  const keys = createPostgresKeyStore(createDatabaseOn(pool));
  const bootstrapKey = config.bootstrapServerKey ?? embedded?.demoKey;
  if (bootstrapKey !== undefined) {
    const ensure = () => ensureDemoKey(keys, bootstrapKey);
    const record = await whenAvailable({ name, logger }, ensure);
    const state = keyState(record);
    if (state !== "active")
      logger.warn({ keyId: record.id }, `the bootstrap Server-Key is ${state}`);
  }

  let isStopping = false;
  const usage = createKeyUsage({
    keys,
    onError: (err) => logger.warn({ err }, "the last use of Server-Keys could not be recorded"),
  });
  stack.defer(() => usage.stop());

  const stopping = new AbortController();
  const databaseState = createReadiness({ pool });
  const lifecycle = createCallLifecycle({ onEnd: createCallLog({ logger }) });
  const listener = createListener({
    ...createTransports({
      config,
      pool,
      replica,
      verifier: createKeyVerifier({ keys, onAccept: usage.note }),
      databaseState,
      isStopping: () => isStopping,
      stopping: stopping.signal,
      lifecycle,
    }),
    silenceMs: Math.max(leastSilenceMs, config.requestTimeoutMs),
    keepAliveMs: config.keepAliveTimeoutMs,
    idleMs,
  });

  const resources = stack.move();
  return {
    demoKey: config.bootstrapServerKey === undefined ? embedded?.demoKey : undefined,
    listen: () => listener.listen(config),
    async close() {
      isStopping = true;
      listener.closeAfterResponses();
      if (config.drainDelayMs > 0) await sleep(config.drainDelayMs);
      stopping.abort();
      const drained = listener.drain().then(() => true);
      const inTime = await Promise.race([
        drained,
        sleep(config.shutdownTimeoutMs, false, { ref: false }),
      ]);
      const cutOff = inTime ? [] : [...lifecycle.inFlight];
      listener.destroy();
      // Statements that still run after this end in the database once this process is gone.
      const limitMs = inTime ? config.requestTimeoutMs : cutOffMs;
      await Promise.race([resources.disposeAsync(), sleep(limitMs, undefined, { ref: false })]);
      return cutOff;
    },
  };
}

/** The embedded Postgres is not part of a production install, so it is loaded on demand. */
async function startEmbedded({ dataDir }: Config, onExit: (message: string) => void) {
  const [{ startEmbeddedPostgres }, { loadDemoKey }] = await Promise.all([
    import("./embedded/postgres.ts"),
    import("./embedded/demo-key.ts"),
  ]);
  const postgres = await startEmbeddedPostgres({ dataDir, onExit });
  return { postgres, demoKey: await loadDemoKey(dataDir) };
}
