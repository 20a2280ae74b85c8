import type { IncomingMessage, ServerResponse } from "node:http";
import type { Call, CallOptions } from "../api/call.ts";
import type { Fault } from "../errors.ts";

/** Serves the requests to a path over HTTP. */
export interface HttpRoute {
  /**
   * Whether the responses of the route have `X-Request-Id` already. Node takes longer if some headers are set
   * before the others.
   */
  readonly setsRequestId?: boolean;
  /** Describes the call of a request, according to its headers. */
  describe(
    req: IncomingMessage,
  ): Pick<CallOptions, "method" | "protocol" | "callerTimeoutMs" | "timeoutMs">;
  /**
   * Runs a call and writes its response.
   *
   * @returns a fault if the call is rejected on its headers, as `RunCall` does. The promise rejects if the call
   *   failed later. The caller writes the response of a failed call.
   */
  serve(call: Call, req: IncomingMessage, res: ServerResponse): Promise<void> | Fault;
}

/** Routes by their path. */
export type HttpRoutes = ReadonlyMap<string, HttpRoute>;
