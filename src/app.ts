import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "pino";
import { ensureDemoKey } from "./access/bootstrap.ts";
import type { KeyFinder } from "./access/key-store.ts";
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
import { createContactStore } from "./storage/contact-store.ts";
import type { Pool } from "./storage/database.ts";
import { createDatabaseOn, createPool } from "./storage/database.ts";
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
  /** Starts to accept requests. @throws what the system says, such as EADDRINUSE */
  listen(): Promise<AddressInfo>;
  /**
   * Stops: accepts no more, lets requests under way end, closes the database. Requests that have not
   * ended within the shutdown timeout are cut off.
   *
   * @returns the calls that were cut off
   */
  close(): Promise<readonly Call[]>;
  /** The key made for the embedded database; absent where there is a database or key of the operator's. */
  readonly demoKey: ServerKey | undefined;
}

export interface AppOptions {
  readonly config: Config;
  readonly logger: Logger;
  /** Told when the service cannot go on, because its embedded database ended. */
  readonly onFatal: (message: string) => void;
}

/** A connection that sends nothing is closed after this at the least, in milliseconds. */
const leastSilenceMs = 10_000;
/** An HTTP/2 connection without calls is closed after this, in milliseconds. */
const idleMs = 300_000;

/** How long statements have to end once their requests were cut off, in milliseconds. */
const cutOffMs = 1_000;
/** A joined transaction that waits longer for a lock is given up, and its requests are run alone. */
const lockWaitMs = 100;
/**
 * Puts the service together. What it acquires it releases in reverse order, in `close` or where it
 * fails half-way.
 *
 * @throws Fault DATABASE_UNAVAILABLE; an Error that says what else is wrong
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
    lockTimeoutMs: Math.min(lockWaitMs, config.requestTimeoutMs),
    onConnectionLost: (err) => logger.warn({ err }, "a database connection was lost"),
  });
  stack.defer(() => pool.end());

  const keys = createPostgresKeyStore(createDatabaseOn(pool));
  const bootstrapKey = config.bootstrapServerKey ?? embedded?.demoKey;
  if (bootstrapKey !== undefined) {
    const ensure = () => ensureDemoKey(keys, bootstrapKey);
    const { id, revokedAt } = await whenAvailable({ name, logger }, ensure);
    if (revokedAt !== null) logger.warn({ keyId: id }, "the bootstrap Server-Key is revoked");
  }

  const stopping = new AbortController();
  const databaseState = createReadiness({ pool });
  const lifecycle = createCallLifecycle({ onEnd: createCallLog({ logger }) });
  const listener = createListener({
    ...createTransports({
      config,
      pool,
      keys,
      databaseState,
      stopping: stopping.signal,
      lifecycle,
    }),
    silenceMs: Math.max(leastSilenceMs, config.requestTimeoutMs),
    idleMs,
  });

  const resources = stack.move();
  return {
    demoKey: config.bootstrapServerKey === undefined ? embedded?.demoKey : undefined,
    listen: () => listener.listen(config),
    async close() {
      stopping.abort();
      const drained = listener.drain().then(() => true);
      const inTime = await Promise.race([
        drained,
        sleep(config.shutdownTimeoutMs, false, { ref: false }),
      ]);
      const cutOff = inTime ? [] : [...lifecycle.inFlight];
      listener.destroy();
      // What was cut off may still wait in the database, which ends it when this process is gone.
      const patienceMs = inTime ? config.requestTimeoutMs : cutOffMs;
      await Promise.race([resources.disposeAsync(), sleep(patienceMs, undefined, { ref: false })]);
      return cutOff;
    },
  };
}

interface TransportsOptions {
  readonly config: Config;
  readonly pool: Pool;
  readonly keys: KeyFinder;
  readonly databaseState: () => Promise<DatabaseState>;
  readonly stopping: AbortSignal;
  readonly lifecycle: CallLifecycle;
}

/** Everything between a connection and the stores. */
function createTransports(options: TransportsOptions) {
  const { config, pool, keys, databaseState, stopping, lifecycle } = options;
  const isReady = async () => !stopping.aborted && (await databaseState()) === "ready";
  const { maxBodyBytes, requestTimeoutMs } = config;
  const rules = { maxListEntries: config.maxContactsPerRequest };
  const contacts = createContactStore({ pool, statementTimeoutMs: requestTimeoutMs });
  const open = { interceptors: openInterceptors, rules };
  const reflection = createReflectionService({
    services: [ContactService, Health, ServerReflection, ServerReflectionAlpha],
    files: [file_google_rpc_error_details],
  });

  const operations = [
    ...createOperations({
      service: ContactService,
      handlers: createContactService({ contacts }),
      interceptors: createInterceptors({ verifier: createKeyVerifier({ keys }) }),
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
        ...createProbes({ checkReadiness: createReadinessChecks({ databaseState, stopping }) }),
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
  readonly stopping: AbortSignal;
}): () => Promise<readonly ReadinessCheck[]> {
  const { databaseState, stopping } = options;
  return async () => [
    { name: "service", problem: stopping.aborted ? "stopping" : undefined },
    { name: "database", problem: databaseProblems[await databaseState()] },
  ];
}

/** The embedded Postgres is not part of a production install, so it is loaded only where it is used. */
async function startEmbedded({ dataDir }: Config, onExit: (message: string) => void) {
  const [{ startEmbeddedPostgres }, { loadDemoKey }] = await Promise.all([
    import("./embedded/postgres.ts"),
    import("./embedded/demo-key.ts"),
  ]);
  const postgres = await startEmbeddedPostgres({ dataDir, onExit });
  return { postgres, demoKey: await loadDemoKey(dataDir) };
}
