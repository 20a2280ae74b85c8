import type { IncomingMessage, ServerResponse } from "node:http";
import type { ConnectRouter } from "@connectrpc/connect";
import { Code, ConnectError, createConnectRouter, createContextValues } from "@connectrpc/connect";
import type {
  UniversalHandler,
  UniversalServerRequest,
  UniversalServerResponse,
} from "@connectrpc/connect/protocol";
import { createAsyncIterable } from "@connectrpc/connect/protocol";
import { parseTimeout as parseConnectTimeout } from "@connectrpc/connect/protocol-connect";
import { parseTimeout as parseGrpcTimeout } from "@connectrpc/connect/protocol-grpc";
import {
  compressionGzip,
  universalRequestFromNodeRequest,
  universalResponseToNodeResponse,
} from "@connectrpc/connect-node";
import type { Fault } from "../errors.ts";
import { fault } from "../errors.ts";
import { callKey } from "../rpc/call.ts";
import { toFault } from "../rpc/connect-error.ts";
import type { Exchange } from "./exchange.ts";
import { encodeGrpcMessage } from "./grpc-message.ts";

export interface ConnectHandlerOptions {
  readonly routes: (router: ConnectRouter) => void;
  /** Largest message, before and after decompression, in bytes. */
  readonly maxBodyBytes: number;
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
  const { maxBodyBytes } = options;
  const router = createConnectRouter({
    acceptCompression: [compressionGzip],
    readMaxBytes: maxBodyBytes,
  });
  options.routes(router);
  const handlers = new Map(router.handlers.map((handler) => [handler.requestPath, handler]));

  async function answer(
    rpc: UniversalHandler,
    request: UniversalServerRequest,
    exchange: Exchange,
  ) {
    const { call } = exchange;
    const response = await rpc(request);
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
      const values = createContextValues().set(callKey, exchange.call);
      const request = toUniversalRequest(req, res, values, exchange);
      dropEndlessTimeouts(request.header);
      const response = await answer(rpc, request, exchange);
      const { fault } = exchange.call;
      if (fault !== undefined)
        response.trailer?.set("grpc-message", encodeGrpcMessage(fault.message));
      await universalResponseToNodeResponse(withClientStatus(response), res);
    },
  };
}

/** @throws Fault BAD_REQUEST where the request has no usable authority */
function toUniversalRequest(
  req: IncomingMessage,
  res: ServerResponse,
  values: ReturnType<typeof createContextValues>,
  { signal }: Exchange,
): UniversalServerRequest {
  try {
    const request = universalRequestFromNodeRequest(req, res, undefined, values);
    return {
      ...request,
      signal,
      body: untilAborted(request.body as AsyncIterable<Uint8Array>, signal),
    };
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

/** Ends the reading of a body when the signal is aborted, however silent the sender. */
async function* untilAborted(body: AsyncIterable<Uint8Array>, signal: AbortSignal) {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  aborted.catch(() => {});
  const onAbort = () => reject(signal.reason);
  if (signal.aborted) onAbort();
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    const chunks = body[Symbol.asyncIterator]();
    for (;;) {
      const { done, value } = await Promise.race([chunks.next(), aborted]);
      if (done === true) return;
      yield value;
    }
  } finally {
    signal.removeEventListener("abort", onAbort);
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
