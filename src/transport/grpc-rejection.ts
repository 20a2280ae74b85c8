import type { ServerHttp2Stream } from "node:http2";
import type { Operation } from "../api/operation.ts";
import type { Fault } from "../errors.ts";
import { fault } from "../errors.ts";
import type { StreamLimit } from "./connect/stream-limit.ts";
import type { HttpRoutes } from "./http-route.ts";

export interface RejectionOptions {
  readonly routes: HttpRoutes;
  readonly operations: readonly Operation[];
  readonly streamLimit: StreamLimit;
}

const notFound = fault("NOT_FOUND");
const tooManyStreams = fault("TOO_MANY_STREAMS");

/** Finds the fault of a gRPC call that no route would serve: its path is unknown, or too many streams are open. */
export function createRejection({ routes, operations, streamLimit }: RejectionOptions) {
  const streamPaths = new Set(
    operations.flatMap(({ kind, name }) => (kind === "stream" ? [`/${name}`] : [])),
  );
  return (path: string, { session }: ServerHttp2Stream): Fault | undefined => {
    if (!routes.has(path)) return notFound;
    const isFull = streamPaths.has(path) && session !== undefined && streamLimit.isFull(session);
    return isFull ? tooManyStreams : undefined;
  };
}
