import type { KeyVerifier } from "./access/key-verifier.ts";
import { createRateLimiter } from "./access/rate-limiter.ts";
import { callBacklogs } from "./api/call-backlogs.ts";
import type { CallLifecycle } from "./api/call-lifecycle.ts";
import { createContactService } from "./api/contact-service.ts";
import { createHealthService } from "./api/health.ts";
import { createInterceptors, openInterceptors } from "./api/interceptors.ts";
import type { OperationsOptions } from "./api/operation.ts";
import { createOperations } from "./api/operation.ts";
import { createReflectionService } from "./api/reflection.ts";
import { readSyncContacts } from "./api/sync-reader.ts";
import type { Config } from "./config.ts";
import { createBacklogs } from "./contact/backlogs.ts";
import type { ContactStore } from "./contact/contact-store.ts";
import { createEventLoopTurns } from "./contact/event-loop-turns.ts";
import type { StoreObserver } from "./contact/store-observer.ts";
import { joinObservers } from "./contact/store-observer.ts";
import { ContactService } from "./gen/contact/v1/contact_service_pb.ts";
import { file_google_rpc_error_details } from "./gen/google/rpc/error_details_pb.ts";
import { Health } from "./gen/grpc/health/v1/health_pb.ts";
import { ServerReflection } from "./gen/grpc/reflection/v1/reflection_pb.ts";
import { ServerReflection as ServerReflectionAlpha } from "./gen/grpc/reflection/v1alpha/reflection_pb.ts";
import type { Pool } from "./storage/database.ts";
import type { Shards } from "./storage/distributed/shards.ts";
import { createPostgresContactStore } from "./storage/postgres-contact-store.ts";
import type { DatabaseState } from "./storage/readiness.ts";
import type { Replica } from "./storage/replica.ts";
import { createBodyReader } from "./transport/body.ts";
import { createConnectRoutes } from "./transport/connect/routes.ts";
import { createStreamLimit } from "./transport/connect/stream-limit.ts";
import { createCors } from "./transport/cors.ts";
import { createDocsRoutes } from "./transport/docs/routes.ts";
import { createGrpcTransport } from "./transport/grpc.ts";
import { createRejection } from "./transport/grpc-rejection.ts";
import type { HttpRoutes } from "./transport/http-route.ts";
import { createOpenApiRoutes } from "./transport/openapi/routes.ts";
import type { ReadinessCheck } from "./transport/probes.ts";
import { createProbes } from "./transport/probes.ts";
import { createRequestHandler } from "./transport/request-handler.ts";
import { createRestRoutes } from "./transport/rest/routes.ts";
import type { Strangers } from "./transport/strangers.ts";
import { createVersionRoutes } from "./transport/version.ts";
import { version } from "./version.ts";

export interface TransportsOptions {
  readonly config: Config;
  readonly pool: Pool;
  readonly replica: Replica | undefined;
  readonly shards: Shards | undefined;
  readonly verifier: KeyVerifier;
  readonly databaseState: () => Promise<DatabaseState>;
  /** Whether the service is stopping, the drain delay included. */
  readonly isStopping: () => boolean;
  readonly stopping: AbortSignal;
  readonly lifecycle: CallLifecycle;
  readonly strangers: Strangers;
  readonly storeObservers: readonly (StoreObserver | undefined)[];
  /** Traces the calls of the store. Absent: they are not traced. */
  readonly withSpans: (<S extends ContactStore>(store: S) => S) | undefined;
  /** The routes of `/metrics` and `/status`, unless another port has them. */
  readonly monitoringRoutes: HttpRoutes | undefined;
}

/** Size limit of a request message of callers without a Server-Key, in bytes. */
const maxOpenMessageBytes = 16_384;

/** The streams that may be open at the same time. They need no Server-Key. */
const maxStreams = { perConnection: 10, total: 500 };

/** Everything between a connection and the stores. */
export function createTransports(options: TransportsOptions) {
  const {
    config,
    pool,
    replica,
    shards,
    verifier,
    databaseState,
    isStopping,
    stopping,
    lifecycle,
    strangers,
  } = options;
  const { storeObservers, withSpans, monitoringRoutes } = options;
  const isReady = async () => !isStopping() && (await databaseState()) === "ready";
  const { maxBodyBytes, requestTimeoutMs } = config;
  const maxMessageBytes = Math.min(maxOpenMessageBytes, maxBodyBytes);
  const rules = { maxListEntries: config.maxContactsPerRequest };
  const backlogs = createBacklogs();
  const nextTurn = createEventLoopTurns();
  const store = createPostgresContactStore({
    pool,
    replica,
    shards,
    timeoutMs: requestTimeoutMs,
    observer: joinObservers(storeObservers),
    backlogs,
    nextTurn,
    maxLongReads: Math.max(1, Math.floor(config.databasePoolSize / 2)),
  });
  const contacts = withSpans?.(store) ?? store;
  const open = { interceptors: openInterceptors, isOpen: true, maxMessageBytes, rules };
  const operations = [
    ...createOperations({
      service: ContactService,
      handlers: createContactService({ contacts }),
      interceptors: createInterceptors({
        verifier,
        backlogs: callBacklogs(backlogs),
        limiter: createRateLimiter({ defaultLimit: config.rateLimit }),
        service: ContactService,
      }),
      rules,
      binaryReaders: { syncContacts: readSyncContacts },
    }),
    ...createOperations({
      service: Health,
      handlers: createHealthService({ isReady, services: [ContactService.typeName], stopping }),
      ...open,
    }),
    ...(config.reflection ? createReflection(open) : []),
  ];

  const bodies = createBodyReader({ maxBytes: maxBodyBytes, nextTurn });
  const served = { operations, bodies, requestTimeoutMs };
  const streamLimit = createStreamLimit(maxStreams);
  const routes = new Map([
    ...createRestRoutes(served),
    ...createConnectRoutes({ ...served, stopping, streamLimit }),
    ...createProbes({ checkReadiness: createReadinessChecks({ databaseState, isStopping }) }),
    ...createOpenApiRoutes({ rules, version }),
    ...(monitoringRoutes ?? []),
    ...(config.docs ? createDocsRoutes() : []),
    ...createVersionRoutes({ version, commit: config.buildCommit }),
  ]);
  const rejectionOf = createRejection({ routes, operations, streamLimit });
  return {
    grpc: createGrpcTransport({ ...served, lifecycle, rejectionOf, strangers }),
    handler: createRequestHandler({
      routes,
      lifecycle,
      strangers,
      cors: config.corsOrigins && createCors(config.corsOrigins),
    }),
  };
}

function createReflection(options: Omit<OperationsOptions<never>, "service" | "handlers">) {
  const handlers = createReflectionService({
    services: [ContactService, Health, ServerReflection, ServerReflectionAlpha],
    files: [file_google_rpc_error_details],
  });
  return [ServerReflection, ServerReflectionAlpha].flatMap((service) =>
    createOperations({ ...options, service, handlers }),
  );
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
