import type { IncomingMessage, ServerResponse } from "node:http";
import type { Call, CallOptions } from "../api/call.ts";

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
   * @throws Fault if the call failed; the caller writes the response
   */
  serve(call: Call, req: IncomingMessage, res: ServerResponse): Promise<void>;
}

/** Routes by their path. */
export type HttpRoutes = ReadonlyMap<string, HttpRoute>;
