import type { IncomingMessage } from "node:http";
import type { Message, Registry } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import { createContextKey, createContextValues } from "@connectrpc/connect";
import type { UniversalHandler } from "@connectrpc/connect/protocol";
import { createAsyncIterable } from "@connectrpc/connect/protocol";
import { universalResponseToNodeResponse } from "@connectrpc/connect-node";
import type { Call } from "../../api/call.ts";
import type { UnaryOperation } from "../../api/operation.ts";
import type { BodyReader } from "../body.ts";
import { frameGrpcMessage, readGrpcMessage } from "../grpc-message.ts";
import { assertContentLength, readHttpBody } from "../http-body.ts";
import type { HttpRoute } from "../http-route.ts";
import { isJson } from "../protocol.ts";
import { setQuotaHeaders } from "../quota-headers.ts";
import {
  assertHeaders,
  assertSupported,
  callerTimeoutOf,
  messageHeaders,
  rpcProtocolOf,
} from "./request.ts";
import { compileResponse } from "./unary-response.ts";

export interface UnaryRouteOptions {
  readonly handler: UniversalHandler;
  readonly operation: UnaryOperation;
  readonly bodies: BodyReader;
  readonly requestTimeoutMs: number;
  /** The types that messages in JSON may have in `google.protobuf.Any`; by default none. */
  readonly registry?: Registry;
}

const responseKey = createContextKey<Message | undefined>(undefined);

/** The implementation that Connect calls. It returns the response that the operation has made. */
export function implementUnary() {
  return (_request: unknown, { values }: HandlerContext) => values.get(responseKey);
}

/**
 * Serves a unary call. Connect would parse the message before any interceptor runs, so the operation
 * reads the message and runs the call. The response of the Connect protocol is written here. Connect
 * serializes that of gRPC-Web and of gRPC outside the fast path. For this, it receives the request without
 * its body.
 */
export function createUnaryRoute(options: UnaryRouteOptions): HttpRoute {
  const { handler, operation, bodies, requestTimeoutMs, registry } = options;
  const sendResponse = compileResponse(operation.method.output, registry);
  const { name, reader, run, maxMessageBytes: maxBytes = bodies.maxBytes } = operation;

  async function readMessage(req: IncomingMessage, { cancellation }: Call): Promise<Message> {
    assertHeaders(req);
    const decode = isJson(req) ? reader.fromJson : reader.fromBinary;
    if (isFramed(req)) {
      const encoding = req.headers["grpc-encoding"];
      return readGrpcMessage(req, { bodies, maxBytes, encoding, cancellation }, decode);
    }
    assertContentLength(req, maxBytes);
    return readHttpBody(req, { bodies, maxBytes, cancellation }, decode);
  }

  return {
    describe: (req) => ({
      method: name,
      protocol: rpcProtocolOf(req),
      callerTimeoutMs: callerTimeoutOf(req).timeoutMs,
      timeoutMs: requestTimeoutMs,
    }),
    async serve(call, req, res) {
      assertSupported(handler, req);
      const message = await run(call, () => readMessage(req, call));
      setQuotaHeaders(call, res);
      if (!isFramed(req)) {
        await sendResponse(message, req, res);
        return;
      }
      const response = await handler({
        httpVersion: req.httpVersion,
        method: "POST",
        url: new URL(handler.requestPath, "http://localhost").href,
        header: messageHeaders(req),
        body: createAsyncIterable([emptyBody(req)]),
        signal: call.cancellation.signal,
        contextValues: createContextValues().set(responseKey, message),
      });
      await universalResponseToNodeResponse(response, res);
    },
  };
}

/** An empty message in the form of the request. */
function emptyBody(req: IncomingMessage): Uint8Array {
  return frameGrpcMessage(Buffer.from(isJson(req) ? "{}" : ""));
}

function isFramed(req: IncomingMessage): boolean {
  return rpcProtocolOf(req) !== "connect";
}
