import type { IncomingMessage, ServerResponse } from "node:http";
import type { Http2ServerResponse } from "node:http2";
import { constants } from "node:http2";
import type { ConnectRouter, ContextValues } from "@connectrpc/connect";
import { Code, ConnectError, createConnectRouter, createContextValues } from "@connectrpc/connect";
import type {
  UniversalHandler,
  UniversalServerRequest,
  UniversalServerResponse,
} from "@connectrpc/connect/protocol";
import { createAsyncIterable } from "@connectrpc/connect/protocol";
import { parseTimeout as parseConnectTimeout } from "@connectrpc/connect/protocol-connect";
import {
  parseTimeout as parseGrpcTimeout,
  setTrailerStatus,
} from "@connectrpc/connect/protocol-grpc";
import {
  compressionGzip,
  universalRequestFromNodeRequest,
  universalResponseToNodeResponse,
} from "@connectrpc/connect-node";
import type { Fault } from "../errors.ts";
import { fault } from "../errors.ts";
import type { Call } from "../rpc/call.ts";
import { callKey } from "../rpc/call.ts";
import { toConnectError, toFault } from "../rpc/connect-error.ts";
import type { Exchange } from "./exchange.ts";
import { encodeGrpcMessage } from "./grpc-message.ts";

export interface ConnectHandlerOptions {
  readonly routes: (router: ConnectRouter) => void;
  /** Largest message, before and after decompression, in bytes. */
  readonly maxBodyBytes: number;
  /** Aborted when the server stops; ends the streams that callers keep open. */
  readonly stopping: AbortSignal;
}

export interface ConnectHandler {
  /** The RPC of a path such as `/contact.v1.ContactService/SyncContacts`. */
  route(path: string): UniversalHandler | undefined;
  /** Answers over the protocol of the request: gRPC, gRPC-Web or Connect. */
  handle(
    rpc: UniversalHandler,
    req: IncomingMessage,
    res: ServerResponse,
    exchange: Exchange,
  ): Promise<void>;
}

/**
 * Serves a Connect router on Node. It differs from Connect's own adapter in three ways: a request
 * that cannot be turned into one of Connect's (its Host, say) is thrown, not left to end the process;
 * what Connect itself finds wrong with a body is answered from the table of errors, like everything
 * else; and the time limit of a request includes the reading of its body.
 */
export function createConnectHandler(options: ConnectHandlerOptions): ConnectHandler {
  const { maxBodyBytes, stopping } = options;
  const router = createConnectRouter({
    acceptCompression: [compressionGzip],
    readMaxBytes: maxBodyBytes,
    // Connect decodes leniently by default, and would store U+FFFD for what is not UTF-8.
    jsonOptions: { textDecoder: new TextDecoder("utf-8", { fatal: true }) } as object,
  });
  options.routes(router);
  const handlers = new Map(router.handlers.map((handler) => [handler.requestPath, handler]));

  async function answer(rpc: UniversalHandler, request: UniversalServerRequest, call: Call) {
    const response = await rpc(request);
    if (rpc.method.methodKind !== "unary") {
      if (response.trailer?.get("grpc-status") === String(Code.Internal)) {
        call.fault = protocolFault(call.context?.signal.reason, request, maxBodyBytes);
        setTrailerStatus(response.trailer, toConnectError(call.fault));
      }
      return response;
    }
    const refusedUnread = call.context !== undefined && !call.entered && call.fault === undefined;
    if (!refusedUnread) return response;
    // Connect could not read the message. Asked again, with the fault set, the gate throws it, and
    // Connect puts it into the form of the protocol.
    call.fault = protocolFault(call.context?.signal.reason, request, maxBodyBytes);
    return rpc({ ...request, body: createAsyncIterable<Uint8Array>([]) });
  }

  return {
    route: (path) => handlers.get(path),
    async handle(rpc, req, res, exchange) {
      const { call, cancellation } = exchange;
      const values = createContextValues().set(callKey, call);
      const isStream = rpc.method.methodKind !== "unary";
      const ends = isStream
        ? { abort: cancellation.signal, end: stopping }
        : { abort: cancellation.signal };
      const request = {
        ...toUniversalRequest(req, res, values),
        signal: cancellation.signal,
        body: bodyOf(req, ends),
      };
      dropEndlessTimeouts(request.header);
      const response = await answer(rpc, request, call);
      const { fault } = call;
      if (fault !== undefined)
        response.trailer?.set("grpc-message", encodeGrpcMessage(fault.message));
      if (isStream) {
        // Its caller may have more to say; over HTTP/2 that would keep the connection open.
        const { stream } = res as unknown as Partial<Http2ServerResponse>;
        stream?.once("wantTrailers", () => {
          setImmediate(() => stream.close(constants.NGHTTP2_NO_ERROR));
        });
      }
      await universalResponseToNodeResponse(withClientStatus(response), res);
    },
  };
}

/** @throws Fault BAD_REQUEST where the request has no usable authority */
function toUniversalRequest(
  req: IncomingMessage,
  res: ServerResponse,
  values: ContextValues,
): UniversalServerRequest {
  try {
    return universalRequestFromNodeRequest(req, res, undefined, values);
  } catch (error) {
    throw fault("BAD_REQUEST", {}, { cause: error });
  }
}

/** Longest that Node's timers can run, in milliseconds: over 24 days. Longer ones fire at once. */
const longestTimerMs = 2_147_483_647;

/** Drops deadlines that are beyond Connect's timers, and so beyond every limit of the service. */
function dropEndlessTimeouts(header: Headers): void {
  const timeouts = { "grpc-timeout": parseGrpcTimeout, "connect-timeout-ms": parseConnectTimeout };
  for (const [name, parse] of Object.entries(timeouts)) {
    const { timeoutMs = 0 } = parse(header.get(name), longestTimerMs);
    if (timeoutMs > longestTimerMs) header.delete(name);
  }
}

interface BodyEnds {
  /** Ends the reading with the signal's reason, however silent the sender. */
  readonly abort: AbortSignal;
  /** Ends the reading as if the sender had said all. */
  readonly end?: AbortSignal;
}

/** The bytes of a body. What is not read is thrown away, so that the connection can go on. */
async function* bodyOf(req: IncomingMessage, { abort, end }: BodyEnds): AsyncGenerator<Uint8Array> {
  const {
    promise: ended,
    resolve,
    reject,
  } = Promise.withResolvers<{ done: true; value?: never }>();
  ended.catch(() => {});
  const onAbort = () => reject(abort.reason);
  const onEnd = () => resolve({ done: true });
  if (abort.aborted) onAbort();
  if (end?.aborted) onEnd();
  abort.addEventListener("abort", onAbort, { once: true });
  end?.addEventListener("abort", onEnd, { once: true });
  const chunks = req.iterator({ destroyOnReturn: false });
  try {
    for (;;) {
      const { done, value } = await Promise.race([chunks.next(), ended]);
      if (done === true) return;
      yield value;
    }
  } finally {
    abort.removeEventListener("abort", onAbort);
    end?.removeEventListener("abort", onEnd);
    void discard(chunks);
  }
}

async function discard(chunks: AsyncIterator<unknown>): Promise<void> {
  try {
    while ((await chunks.next()).done !== true);
  } catch {
    // The connection is gone, which is told where the request is.
  }
}

/** What Connect found wrong before the call was entered, as a row of the table. */
function protocolFault(error: unknown, req: UniversalServerRequest, maxBodyBytes: number): Fault {
  const code = error instanceof ConnectError ? error.code : undefined;
  const cause = error;
  switch (code) {
    case Code.DeadlineExceeded:
    case Code.Canceled:
      return toFault(error);
    case Code.ResourceExhausted:
      return fault("BODY_TOO_LARGE", { limit: maxBodyBytes.toLocaleString("en-US") }, { cause });
    default: {
      const text = error instanceof Error ? error.message : "";
      if (text.includes("unknown compression")) return fault("UNSUPPORTED_ENCODING", {}, { cause });
      if (text.includes("timeout value")) return fault("TIMEOUT_UNREADABLE", {}, { cause });
      const format = req.header.get("content-type")?.includes("json") ? "JSON" : "protobuf";
      return fault("BODY_UNREADABLE", { format }, { cause });
    }
  }
}

/**
 * Connect answers `unimplemented`, an encoding it does not know, with 501. It is the client's mistake,
 * so the status says so; clients of Connect take the code from the body.
 */
function withClientStatus(response: UniversalServerResponse): UniversalServerResponse {
  return response.status === 501 ? { ...response, status: 415 } : response;
}
