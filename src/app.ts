import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "pino";
import { ensureDemoKey } from "./access/bootstrap.ts";
import { keyState } from "./access/key-state.ts";
import { createKeyUsage } from "./access/key-usage.ts";
import { createKeyVerifier } from "./access/key-verifier.ts";
import type { ServerKey } from "./access/server-key.ts";
import type { Call } from "./api/call.ts";
import type { Config } from "./config.ts";
import { createMonitoringListener, startMonitoring } from "./monitoring.ts";
import { createObservation } from "./observation.ts";
import { createDatabaseOn, createPool } from "./storage/database.ts";
import { createPostgresKeyStore } from "./storage/postgres-key-store.ts";
import { createReadiness } from "./storage/readiness.ts";
import { openReplica } from "./storage/replica.ts";
import { databaseName, prepareDatabase, whenAvailable } from "./storage/startup.ts";
import { createTlsAcceptor } from "./tls/acceptor.ts";
import { createListener } from "./transport/listener.ts";
import { createStrangers } from "./transport/strangers.ts";
import { createTransports } from "./transports.ts";

/** The address of the service. */
export interface ServiceAddress extends AddressInfo {
  /** The address of `/metrics` and `/status`, if they are on. It is the same unless they have their own port. */
  readonly monitoring: AddressInfo;
}

export interface App {
  /** Starts to accept requests. @throws Error of the system, such as EADDRINUSE */
  listen(): Promise<ServiceAddress>;
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
  /** The number of log lines that could not be written. */
  readonly droppedLogLines?: () => number;
  /** Called if the embedded database has ended, so that the service cannot continue. */
  readonly onFatal: (message: string) => void;
}

/** Shortest time after which a connection without a complete request is closed, in milliseconds. */
const leastSilenceMs = 10_000;
/** Time in which a client must complete the TLS handshake, in milliseconds. */
const handshakeMs = 10_000;
/** Time between two looks at the TLS files, in milliseconds. */
const tlsPollMs = 2_000;
/** Time after which an HTTP/2 connection without calls is closed, in milliseconds. */
const idleMs = 300_000;
/** Of connections on which no call with a valid Server-Key has ended. */
const strangerLimits = { maxConnections: 1_000, maxAgeMs: 300_000, idleMs: 30_000 };
/** Time in which statements can end, and spans be exported, after requests were cut off, in milliseconds. */
const cutOffMs = 1_000;

/**
 * Creates the service. Resources are released in reverse order, on `close()` or when startup fails.
 *
 * @throws Fault DATABASE_UNAVAILABLE; Error for any other reason why the service cannot start
 */
export async function createApp(options: AppOptions): Promise<App> {
  const { config, logger, onFatal, droppedLogLines = () => 0 } = options;
  await using stack = new AsyncDisposableStack();

  const tls =
    config.tls && createTlsAcceptor({ files: config.tls, handshakeMs, pollMs: tlsPollMs, logger });
  stack.defer(() => tls?.stop());

  const embedded =
    config.databaseUrl === undefined ? await startEmbedded(config, onFatal) : undefined;
  if (embedded !== undefined) stack.defer(() => embedded.postgres.stop());
  const connectionString = config.databaseUrl ?? embedded?.postgres.connectionString ?? "";
  const name = databaseName(config);
  const { schema, shards } = await prepareDatabase({
    connectionString,
    schema: config.databaseSchema,
    migrates: config.migrates,
    prepares: config.databasePrepare,
    name,
    logger,
  });

  const pool = createPool({
    connectionString,
    schema,
    kind: shards === undefined ? "primary" : "distributed",
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
  const monitoring = await startMonitoring({
    config,
    pool,
    databaseState,
    droppedLogLines,
    callsInFlight: () => lifecycle.inFlight,
  });
  stack.defer(() => monitoring?.stop());
  const { lifecycle, tracing } = await createObservation({
    config,
    logger,
    onCallEnd: (call) => monitoring?.onCallEnd(call),
  });
  stack.defer(() => tracing?.stop(cutOffMs));
  const timeouts = {
    silenceMs: Math.max(leastSilenceMs, config.requestTimeoutMs),
    keepAliveMs: config.keepAliveTimeoutMs,
    idleMs,
  };
  const hasOwnPort = config.metricsPort !== undefined;
  const monitoringListener =
    monitoring && hasOwnPort
      ? createMonitoringListener({ routes: monitoring.routes, lifecycle, ...timeouts })
      : undefined;
  const strangers = createStrangers(strangerLimits);
  stack.defer(() => strangers.stop());
  const listener = createListener({
    ...createTransports({
      config,
      pool,
      replica,
      shards,
      verifier: createKeyVerifier({
        keys,
        onAccept: usage.note,
        counts: monitoring?.keyCache,
      }),
      databaseState,
      isStopping: () => isStopping,
      stopping: stopping.signal,
      lifecycle,
      strangers,
      storeObservers: [monitoring?.store, tracing?.storeObserver],
      withSpans: tracing?.withStoreSpans,
      monitoringRoutes: hasOwnPort ? undefined : monitoring?.routes,
    }),
    ...timeouts,
    callCounts: () => lifecycle.inFlight.counts(),
    strangers,
    tls,
  });

  const resources = stack.move();
  return {
    demoKey: config.bootstrapServerKey === undefined ? embedded?.demoKey : undefined,
    async listen() {
      const address = await listener.listen(config);
      if (monitoringListener === undefined) return { ...address, monitoring: address };
      const { host, metricsPort: port = 0 } = config;
      return { ...address, monitoring: await monitoringListener.listen({ host, port }) };
    },
    async close() {
      isStopping = true;
      if (config.drainDelayMs > 0) {
        listener.closeAfterResponses();
        await sleep(config.drainDelayMs);
      }
      stopping.abort();
      const endsAt = performance.now() + config.shutdownTimeoutMs;
      const drained = listener.drain().then(() => true);
      const inTime = await Promise.race([
        drained,
        sleep(config.shutdownTimeoutMs, false, { ref: false }),
      ]);
      const cutOff = inTime ? [] : [...lifecycle.inFlight];
      listener.destroy();
      await monitoringListener?.close();
      // Statements that still run after this end in the database once this process is gone.
      const limitMs = inTime ? config.requestTimeoutMs : cutOffMs;
      await tracing?.stop(Math.max(endsAt - performance.now(), cutOffMs));
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
