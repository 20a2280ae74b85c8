import type { KeyVerifier } from "./access/key-verifier.ts";
import type { CallLifecycle } from "./api/call-lifecycle.ts";
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
import { createPostgresContactStore } from "./storage/postgres-contact-store.ts";
import type { DatabaseState } from "./storage/readiness.ts";
import type { Replica } from "./storage/replica.ts";
import { createConnectRoutes } from "./transport/connect/routes.ts";
import { createGrpcTransport } from "./transport/grpc.ts";
import { createOpenApiRoutes } from "./transport/openapi/routes.ts";
import type { ReadinessCheck } from "./transport/probes.ts";
import { createProbes } from "./transport/probes.ts";
import { createRequestHandler } from "./transport/request-handler.ts";
import { createRestRoutes } from "./transport/rest/routes.ts";
import { createVersionRoutes } from "./transport/version.ts";
import { version } from "./version.ts";

export interface TransportsOptions {
  readonly config: Config;
  readonly pool: Pool;
  readonly replica: Replica | undefined;
  readonly verifier: KeyVerifier;
  readonly databaseState: () => Promise<DatabaseState>;
  /** Whether the service is stopping, the drain delay included. */
  readonly isStopping: () => boolean;
  readonly stopping: AbortSignal;
  readonly lifecycle: CallLifecycle;
}

/** Everything between a connection and the stores. */
export function createTransports(options: TransportsOptions) {
  const { config, pool, replica, verifier, databaseState, isStopping, stopping, lifecycle } =
    options;
  const isReady = async () => !isStopping() && (await databaseState()) === "ready";
  const { maxBodyBytes, requestTimeoutMs } = config;
  const rules = { maxListEntries: config.maxContactsPerRequest };
  const contacts = createPostgresContactStore({ pool, replica, timeoutMs: requestTimeoutMs });
  const open = { interceptors: openInterceptors, isOpen: true, rules };
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
