import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { createServiceImplSpec } from "@connectrpc/connect";
import type { Kysely } from "kysely";
import type { Logger } from "pino";
import { ensureDemoKey } from "./access/bootstrap.ts";
import { createKeyVerifier } from "./access/key-verifier.ts";
import type { ServerKey } from "./access/server-key.ts";
import type { Config } from "./config.ts";
import { Fault } from "./errors.ts";
import { ContactService } from "./gen/contact/v1/contact_service_pb.ts";
import { file_google_rpc_error_details } from "./gen/google/rpc/error_details_pb.ts";
import { Health } from "./gen/grpc/health/v1/health_pb.ts";
import { ServerReflection } from "./gen/grpc/reflection/v1/reflection_pb.ts";
import { ServerReflection as ServerReflectionAlpha } from "./gen/grpc/reflection/v1alpha/reflection_pb.ts";
import { createAuth } from "./rpc/auth.ts";
import type { Call } from "./rpc/call.ts";
import { CallsUnderWay } from "./rpc/calls-under-way.ts";
import { createContactService } from "./rpc/contact-service.ts";
import { createGate } from "./rpc/gate.ts";
import { createHealthService } from "./rpc/health.ts";
import { createInterceptors, errors } from "./rpc/interceptors.ts";
import { createObserver } from "./rpc/observe.ts";
import { createReflectionService } from "./rpc/reflection.ts";
import { createConnectHandler } from "./server/connect.ts";
import { createRequestHandler } from "./server/handler.ts";
import { createLeanUnary } from "./server/lean.ts";
import { createListener } from "./server/listener.ts";
import { createProbes } from "./server/probes.ts";
import { createRestGateway } from "./server/rest/gateway.ts";
import type { Pool } from "./storage/database.ts";
import { createDatabase, createDatabaseOn, createPool } from "./storage/database.ts";
import { createKeyStore } from "./storage/key-store.ts";
import { migrate } from "./storage/migrate.ts";
import { createPostgresContactStore } from "./storage/postgres-contact-store.ts";
import { createReadiness } from "./storage/readiness.ts";
import type { Database } from "./storage/schema.ts";
import { withDatabaseFaults } from "./storage/transaction.ts";

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

/** How long to wait for a database that is not there yet, in milliseconds. */
const databaseWaitMs = 30_000;
/** A migration may take its time; this ends one that hangs, in milliseconds. */
const migrationTimeoutMs = 3_600_000;
/** A connection that sends nothing is closed after this at the least, in milliseconds. */
const leastSilenceMs = 10_000;
/** An HTTP/2 connection without calls is closed after this, in milliseconds. */
const idleMs = 300_000;

/** How long statements have to end once their requests were cut off, in milliseconds. */
const cutOffMs = 1_000;
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
  await prepareDatabase(connectionString, logger);

  const pool = createPool({
    connectionString,
    poolSize: config.databasePoolSize,
    timeoutMs: config.requestTimeoutMs,
    onConnectionLost: (err) => logger.warn({ err }, "a database connection was lost"),
  });
  stack.defer(() => pool.end());
  const db = createDatabaseOn(pool);

  const keys = createKeyStore(db);
  const bootstrapKey = config.bootstrapServerKey ?? embedded?.demoKey;
  if (bootstrapKey !== undefined) {
    const { id, revokedAt } = await ensureDemoKey(keys, bootstrapKey);
    if (revokedAt !== null) logger.warn({ keyId: id }, "the bootstrap Server-Key is revoked");
  }

  const stopping = new AbortController();
  const underWay = new CallsUnderWay();
  const listener = createListener({
    ...createHandler({ config, logger, pool, db, stopping: stopping.signal, underWay }),
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
      const cutOff = inTime ? [] : [...underWay];
      listener.destroy();
      // What was cut off may still wait in the database, which ends it when this process is gone.
      const patienceMs = inTime ? config.requestTimeoutMs : cutOffMs;
      await Promise.race([resources.disposeAsync(), sleep(patienceMs, undefined, { ref: false })]);
      return cutOff;
    },
  };
}

interface HandlerParts {
  readonly config: Config;
  readonly logger: Logger;
  readonly pool: Pool;
  readonly db: Kysely<Database>;
  readonly stopping: AbortSignal;
  readonly underWay: CallsUnderWay;
}

/** Everything between a connection and the database. */
function createHandler({ config, logger, pool, db, stopping, underWay }: HandlerParts) {
  const isReachable = createReadiness(db);
  const isReady = async () => !stopping.aborted && (await isReachable());

  const rules = { maxListEntries: config.maxContactsPerRequest };
  const auth = createAuth({ verifier: createKeyVerifier({ keys: createKeyStore(db) }) });
  const interceptors = createInterceptors({ auth, rules });
  const contacts = createPostgresContactStore({
    pool,
    timeoutMs: config.requestTimeoutMs,
  });
  const contactService = createContactService({ contacts });
  const { maxBodyBytes } = config;
  const observe = createObserver({ logger });

  const service = createServiceImplSpec<typeof ContactService>(ContactService, contactService);
  const lean = createLeanUnary({
    service,
    auth,
    interceptors,
    maxBodyBytes,
    requestTimeoutMs: config.requestTimeoutMs,
    onStart: (call) => underWay.add(call),
    onEnd: (call) => {
      underWay.delete(call);
      observe(call);
    },
  });
  const handler = createRequestHandler({
    connect: createConnectHandler({
      maxBodyBytes,
      stopping,
      routes(router) {
        const open = { interceptors: [errors], requestGate: createGate() };
        const reflection = createReflectionService({
          services: [ContactService, Health, ServerReflection, ServerReflectionAlpha],
          files: [file_google_rpc_error_details],
        });
        const health = createHealthService({
          isReady,
          services: [ContactService.typeName],
          stopping,
        });
        router
          .service(ContactService, contactService, { interceptors, requestGate: auth.gate })
          .service(Health, health, open)
          .service(ServerReflection, reflection, open)
          .service(ServerReflectionAlpha, reflection, open);
      },
    }),
    rest: createRestGateway({
      service,
      auth,
      interceptors,
      rules,
      maxBodyBytes,
    }),
    probes: createProbes({ isReady }),
    requestTimeoutMs: config.requestTimeoutMs,
    observe,
    underWay,
  });
  return { handler, lean };
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

/** Waits for the database to be there, and migrates it. */
async function prepareDatabase(connectionString: string, logger: Logger): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const db = createDatabase({
    connectionString,
    poolSize: 1,
    timeoutMs: migrationTimeoutMs,
    onConnectionLost: (err) => logger.warn({ err }, "a database connection was lost"),
  });
  stack.defer(() => db.destroy());
  const giveUpAt = performance.now() + databaseWaitMs;
  for (;;) {
    try {
      const done = await withDatabaseFaults(() => migrate(db));
      if (done.length > 0) logger.info({ migrations: done }, "migrated the database");
      return;
    } catch (error) {
      if (!(error instanceof Fault) || performance.now() > giveUpAt) throw error;
      logger.warn({ err: error.cause }, "waiting for the database");
      await sleep(1_000);
    }
  }
}
