import type { IncomingMessage, ServerResponse } from "node:http";
import type { HandlerContext } from "@connectrpc/connect";
import { ConnectError, createContextValues } from "@connectrpc/connect";
import type { UniversalHandler, UniversalServerResponse } from "@connectrpc/connect/protocol";
import { universalResponseToNodeResponse } from "@connectrpc/connect-node";
import type { Call } from "../../api/call.ts";
import type { StreamOperation } from "../../api/operation.ts";
import type { Fault } from "../../errors.ts";
import { fault } from "../../errors.ts";
import { connectionOf } from "../connection.ts";
import { createStreamCheck } from "../grpc-message.ts";
import type { HttpRoute } from "../http-route.ts";
import { toConnectError } from "./error.ts";
import { callKey } from "./read-errors.ts";
import {
  assertHeaders,
  assertSupported,
  callerTimeoutOf,
  messageHeaders,
  rpcProtocolOf,
} from "./request.ts";
import type { StreamLimit } from "./stream-limit.ts";

export interface StreamRouteOptions {
  readonly handler: UniversalHandler;
  readonly operation: StreamOperation;
  /** Aborted when the service stops. It ends the stream. */
  readonly stopping: AbortSignal;
  /** Absent: the number of streams is not limited. */
  readonly streamLimit?: StreamLimit;
}

/** The implementation that Connect calls. It turns faults into errors of Connect. */
export function implementStream({ handle }: StreamOperation) {
  return async function* (requests: never, { values }: HandlerContext) {
    const call = values.get(callKey);
    if (call === undefined) throw new Error("the route has not set the call");
    try {
      yield* handle(requests, call);
      call.cancellation.throwIfAborted();
    } catch (error) {
      // Connect throws errors of its own for a request that it cannot read. They are recorded later.
      if (error instanceof ConnectError) throw error;
      throw toConnectError(call.fail(error));
    }
  };
}

/** Serves an RPC that streams. Its time is limited only if the caller sets a timeout. */
export function createStreamRoute(options: StreamRouteOptions): HttpRoute {
  const { handler, operation, stopping, streamLimit } = options;
  return {
    describe: (req) => ({
      method: operation.name,
      protocol: rpcProtocolOf(req),
      callerTimeoutMs: callerTimeoutOf(req).timeoutMs,
    }),
    async serve(call, req, res) {
      assertSupported(handler, req);
      if (operation.method.methodKind === "bidi_streaming" && req.httpVersionMajor < 2) {
        throw fault("UNSUPPORTED_HTTP_VERSION", { versions: "2" });
      }
      assertHeaders(req);
      if (streamLimit !== undefined) res.once("close", streamLimit.enter(connectionOf(req)));
      const response = await handler({
        httpVersion: req.httpVersion,
        method: req.method ?? "",
        url: new URL(handler.requestPath, "http://localhost").href,
        header: messageHeaders(req),
        body: readRequests(req, { call, stopping }),
        signal: call.cancellation.signal,
        contextValues: createContextValues().set(callKey, call),
      });
      await sendResponse(response, { call, res });
    },
  };
}

/**
 * Sends the response. A gRPC call that fails before its first message gets one frame of headers
 * (Trailers-Only): clients do not retry once they have received a response.
 */
async function sendResponse(
  response: UniversalServerResponse,
  { call, res }: { readonly call: Call; readonly res: ServerResponse },
): Promise<void> {
  const chunks = response.body?.[Symbol.asyncIterator]();
  const first = await chunks?.next();
  const { header, trailer } = response;
  const hasFailed = trailer !== undefined && trailer.get("grpc-status") !== "0";
  if (chunks !== undefined && first?.done === true && call.protocol === "grpc" && hasFailed) {
    for (const headers of [header, trailer]) {
      for (const [name, value] of headers ?? []) res.setHeader(name, value);
    }
    res.end();
    return;
  }
  const body = chunks && prepend(first, chunks);
  await universalResponseToNodeResponse({ ...response, ...(body && { body }) }, res);
}

async function* prepend<T>(
  first: IteratorResult<T> | undefined,
  rest: AsyncIterator<T>,
): AsyncGenerator<T> {
  try {
    for (let next = first; next !== undefined && next.done !== true; next = await rest.next()) {
      yield next.value;
    }
  } finally {
    await rest.return?.();
  }
}

/** The bytes of the requests, until the caller has sent all, the call is cancelled, or the service stops. */
async function* readRequests(
  req: IncomingMessage,
  { call, stopping }: { readonly call: Call; readonly stopping: AbortSignal },
): AsyncGenerator<Uint8Array> {
  const end = Promise.withResolvers<{ done: true; value?: never }>();
  end.promise.catch(() => {});
  const onStop = () => end.resolve({ done: true });
  call.cancellation.onAbort((reason: Fault) => end.reject(reason));
  if (stopping.aborted) onStop();
  stopping.addEventListener("abort", onStop, { once: true });
  const chunks = req.iterator({ destroyOnReturn: false });
  const check = createStreamCheck();
  try {
    for (;;) {
      const { done, value } = await Promise.race([chunks.next(), end.promise]);
      if (done === true) {
        if (req.readableEnded) check.end();
        return;
      }
      check.take(value);
      yield value;
    }
  } catch (error) {
    throw toConnectError(call.fail(error));
  } finally {
    stopping.removeEventListener("abort", onStop);
    // Discard the rest. Otherwise the iterator would block it, and the next request on the connection too.
    req.removeAllListeners("readable");
    req.resume();
  }
}
