import type { IncomingMessage } from "node:http";
import type { HandlerContext } from "@connectrpc/connect";
import { ConnectError, createContextKey, createContextValues } from "@connectrpc/connect";
import type { UniversalHandler } from "@connectrpc/connect/protocol";
import { universalResponseToNodeResponse } from "@connectrpc/connect-node";
import type { Call } from "../../api/call.ts";
import { toFault } from "../../api/interceptors.ts";
import type { StreamOperation } from "../../api/operation.ts";
import type { Fault } from "../../errors.ts";
import type { HttpRoute } from "../http-route.ts";
import { toConnectError } from "./error.ts";
import { assertSupported, callerTimeoutOf, rpcProtocolOf, webHeaders } from "./request.ts";

export interface StreamRouteOptions {
  readonly handler: UniversalHandler;
  readonly operation: StreamOperation;
  /** Aborted when the service stops. It ends the stream. */
  readonly stopping: AbortSignal;
}

const callKey = createContextKey<Call | undefined>(undefined);

/** The implementation that Connect calls. It turns faults into errors of Connect. */
export function implementStream({ handle }: StreamOperation) {
  return async function* (requests: never, { values }: HandlerContext) {
    const call = values.get(callKey);
    if (call === undefined) throw new Error("the route has not set the call");
    try {
      yield* handle(requests, call);
      call.cancellation.throwIfAborted();
    } catch (error) {
      // Connect throws its own errors for a request that it cannot read.
      if (error instanceof ConnectError) throw error;
      call.fault = toFault(error);
      throw toConnectError(call.fault);
    }
  };
}

/** Serves a streaming RPC. Its duration is limited only if the caller sets a timeout. */
export function createStreamRoute(options: StreamRouteOptions): HttpRoute {
  const { handler, operation, stopping } = options;
  return {
    describe: (req) => ({
      method: operation.name,
      protocol: rpcProtocolOf(req),
      callerTimeoutMs: callerTimeoutOf(req).timeoutMs,
    }),
    async serve(call, req, res) {
      assertSupported(handler, req);
      const { fault } = callerTimeoutOf(req);
      if (fault !== undefined) throw fault;
      const response = await handler({
        httpVersion: req.httpVersion,
        method: req.method ?? "",
        url: new URL(handler.requestPath, "http://localhost").href,
        header: webHeaders(req),
        body: readRequests(req, { call, stopping }),
        signal: call.cancellation.signal,
        contextValues: createContextValues().set(callKey, call),
      });
      await universalResponseToNodeResponse(response, res);
    },
  };
}

/** The bytes of the requests, until the caller ends them, the call is cancelled, or the service stops. */
async function* readRequests(
  req: IncomingMessage,
  { call, stopping }: { readonly call: Call; readonly stopping: AbortSignal },
): AsyncGenerator<Uint8Array> {
  const end = Promise.withResolvers<{ done: true; value?: never }>();
  end.promise.catch(() => {});
  const onStop = () => end.resolve({ done: true });
  call.cancellation.onAbort((reason: Fault) => end.reject(toConnectError(reason)));
  if (stopping.aborted) onStop();
  stopping.addEventListener("abort", onStop, { once: true });
  const chunks = req.iterator({ destroyOnReturn: false });
  try {
    for (;;) {
      const { done, value } = await Promise.race([chunks.next(), end.promise]);
      if (done === true) return;
      yield value;
    }
  } finally {
    stopping.removeEventListener("abort", onStop);
  }
}
