import type { Registry } from "@bufbuild/protobuf";
import type { ConnectRouter } from "@connectrpc/connect";
import { createConnectRouter } from "@connectrpc/connect";
import { compressionGzip } from "@connectrpc/connect-node";
import type { Operation } from "../../api/operation.ts";
import type { BodyReader } from "../body.ts";
import type { HttpRoutes } from "../http-route.ts";
import { createReadErrorRecorder } from "./read-errors.ts";
import type { StreamLimit } from "./stream-limit.ts";
import { createStreamRoute, implementStream } from "./stream-route.ts";
import { createUnaryRoute, implementUnary } from "./unary-route.ts";

export interface ConnectRoutesOptions {
  readonly operations: readonly Operation[];
  readonly bodies: BodyReader;
  /** Longest time a unary call may take, in milliseconds. */
  readonly requestTimeoutMs: number;
  /** Aborted when the service stops. It ends the streams that callers keep open. */
  readonly stopping: AbortSignal;
  /** Absent: the number of streams is not limited. */
  readonly streamLimit?: StreamLimit;
  /** The types that messages in JSON may have in `google.protobuf.Any`; by default none. */
  readonly registry?: Registry;
}

/**
 * Serves operations with Connect: over the Connect protocol, gRPC-Web, and gRPC as far as the fast path
 * does not serve it.
 */
export function createConnectRoutes(options: ConnectRoutesOptions): HttpRoutes {
  const { operations, bodies, registry } = options;
  // Connect reads the messages of streams only.
  const maxStreamBytes = Math.max(1, ...operations.map((each) => streamLimit(each, bodies)));
  const router = createConnectRouter({
    acceptCompression: [compressionGzip],
    readMaxBytes: maxStreamBytes,
    interceptors: [createReadErrorRecorder(maxStreamBytes)],
    // By default Connect replaces bytes that are not UTF-8 by U+FFFD.
    jsonOptions: {
      textDecoder: new TextDecoder("utf-8", { fatal: true }),
      ...(registry && { registry }),
    } as object,
  });
  for (const operation of operations) register(router, operation);
  return new Map(
    router.handlers.flatMap((handler, n) => {
      const operation = operations[n];
      if (operation === undefined) return [];
      const route =
        operation.kind === "unary"
          ? createUnaryRoute({ ...options, handler, operation })
          : createStreamRoute({ ...options, handler, operation });
      return [[handler.requestPath, route] as const];
    }),
  );
}

function streamLimit({ kind, maxMessageBytes }: Operation, { maxBytes }: BodyReader): number {
  return kind === "stream" ? (maxMessageBytes ?? maxBytes) : 0;
}

function register(router: ConnectRouter, operation: Operation): void {
  const { method } = operation;
  const implementation = operation.kind === "unary" ? implementUnary() : implementStream(operation);
  router.rpc(method as never, implementation as never);
}
