import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "pino";
import { ensureDemoKey } from "./access/bootstrap.ts";
import { keyState } from "./access/key-state.ts";
import { createKeyUsage } from "./access/key-usage.ts";
import type { KeyVerifier } from "./access/key-verifier.ts";
import { createKeyVerifier } from "./access/key-verifier.ts";
import type { ServerKey } from "./access/server-key.ts";
import type { Call } from "./api/call.ts";
import type { CallLifecycle } from "./api/call-lifecycle.ts";
import { createCallLifecycle } from "./api/call-lifecycle.ts";
import { createCallLog } from "./api/call-log.ts";
import { createContactService } from "./api/contact-service.ts";
import { createHealthService } from "./api/health.ts";
import { createInterceptors, openInterceptors } from "./api/interceptors.ts";
import { createOperations } from "./api/operation.ts";
import { createReflectionService } from "./api/reflection.ts";
import { readSyncContacts } from "./api/sync-reader.ts";
import type { Config } from "./config.ts";
import { ContactService } from "./gen/contact/v1/contact_service_pb.ts";
import { file_google_rpc_error_details } from "./gen/google/rpc/error_details_pb.ts";
import { Health } from "./gen/grpc/health/v1/health_pb.ts";
import { ServerReflection } from "./gen/grpc/reflection/v1/reflection_pb.ts";
import { ServerReflection as ServerReflectionAlpha } from "./gen/grpc/reflection/v1alpha/reflection_pb.ts";
import type { Pool } from "./storage/database.ts";
import { createDatabaseOn, createPool } from "./storage/database.ts";
import { createPostgresContactStore } from "./storage/postgres-contact-store.ts";
import { createPostgresKeyStore } from "./storage/postgres-key-store.ts";
import type { DatabaseState } from "./storage/readiness.ts";
import { createReadiness } from "./storage/readiness.ts";
import { databaseName, prepareDatabase, whenAvailable } from "./storage/startup.ts";
import { createConnectRoutes } from "./transport/connect/routes.ts";
import { createGrpcTransport } from "./transport/grpc.ts";
import { createListener } from "./transport/listener.ts";
import { createOpenApiRoutes } from "./transport/openapi/routes.ts";
import type { ReadinessCheck } from "./transport/probes.ts";
import { createProbes } from "./transport/probes.ts";
import { createRequestHandler } from "./transport/request-handler.ts";
import { createRestRoutes } from "./transport/rest/routes.ts";
import { createVersionRoutes } from "./transport/version.ts";
import { version } from "./version.ts";

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
    name,
    logger,
  });

  const pool = createPool({
    connectionString,
    schema,
    poolSize: config.databasePoolSize,
    timeoutMs: config.requestTimeoutMs,
    onConnectionLost: (err) => logger.warn({ err }, "a database connection was lost"),
  });
  stack.defer(() => pool.end());

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

interface TransportsOptions {
  readonly config: Config;
  readonly pool: Pool;
  readonly verifier: KeyVerifier;
  readonly databaseState: () => Promise<DatabaseState>;
  /** Whether the service is stopping, the drain delay included. */
  readonly isStopping: () => boolean;
  readonly stopping: AbortSignal;
  readonly lifecycle: CallLifecycle;
}

/** Everything between a connection and the stores. */
function createTransports(options: TransportsOptions) {
  const { config, pool, verifier, databaseState, isStopping, stopping, lifecycle } = options;
  const isReady = async () => !isStopping() && (await databaseState()) === "ready";
  const { maxBodyBytes, requestTimeoutMs } = config;
  const rules = { maxListEntries: config.maxContactsPerRequest };
  const contacts = createPostgresContactStore({ pool, timeoutMs: requestTimeoutMs });
  const open = { interceptors: openInterceptors, rules };
  const reflection = createReflectionService({
    services: [ContactService, Health, ServerReflection, ServerReflectionAlpha],
    files: [file_google_rpc_error_details],
  });

  const operations = [
    ...createOperations({
      service: ContactService,
      handlers: createContactService({ contacts }),
      interceptors: createInterceptors({ verifier }),
      rules,
      binaryReaders: { syncContacts: readSyncContacts },
    }),
    ...createOperations({
      service: Health,
      handlers: createHealthService({ isReady, services: [ContactService.typeName], stopping }),
      ...open,
    }),
    ...createOperations({ service: ServerReflection, handlers: reflection, ...open }),
    ...createOperations({ service: ServerReflectionAlpha, handlers: reflection, ...open }),
  ];

  const served = { operations, maxBodyBytes, requestTimeoutMs };
  return {
    grpc: createGrpcTransport({ ...served, lifecycle }),
    handler: createRequestHandler({
      routes: new Map([
        ...createRestRoutes(served),
        ...createConnectRoutes({ ...served, stopping }),
        ...createProbes({ checkReadiness: createReadinessChecks({ databaseState, isStopping }) }),
        ...createOpenApiRoutes({ rules, version }),
        ...createVersionRoutes({ version, commit: config.buildCommit }),
      ]),
      lifecycle,
    }),
  };
}

const databaseProblems: Readonly<Record<DatabaseState, string | undefined>> = {
  ready: undefined,
  unreachable: "unreachable",
  "read-only": "not a primary that accepts writes",
};

/** The checks of `/readyz`. A service that stops is not ready, whatever its database is. */
function createReadinessChecks(options: {
  readonly databaseState: () => Promise<DatabaseState>;
  readonly isStopping: () => boolean;
}): () => Promise<readonly ReadinessCheck[]> {
  const { databaseState, isStopping } = options;
  return async () => [
    { name: "service", problem: isStopping() ? "stopping" : undefined },
    { name: "database", problem: databaseProblems[await databaseState()] },
  ];
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
