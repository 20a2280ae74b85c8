import type { IncomingMessage } from "node:http";
import type { Message, Registry } from "@bufbuild/protobuf";
import type { UniversalHandler } from "@connectrpc/connect/protocol";
import { orThrow } from "../../access/or-throw.ts";
import type { Call } from "../../api/call.ts";
import type { BeforeDecode, UnaryOperation } from "../../api/operation.ts";
import type { BodyReader } from "../body.ts";
import { readGrpcMessage } from "../grpc-message.ts";
import { assertContentLength, readHttpBody } from "../http-body.ts";
import type { HttpRoute } from "../http-route.ts";
import { isJson } from "../protocol.ts";
import { setQuotaHeaders } from "../quota-headers.ts";
import { assertHeaders, assertSupported, callerTimeoutOf, rpcProtocolOf } from "./request.ts";
import { compileResponse } from "./unary-response.ts";

export interface UnaryRouteOptions {
  readonly handler: UniversalHandler;
  readonly operation: UnaryOperation;
  readonly bodies: BodyReader;
  readonly requestTimeoutMs: number;
  /** The types that messages in JSON may have in `google.protobuf.Any`; by default none. */
  readonly registry?: Registry;
}

/** The library never runs unary calls. It needs an implementation to make a handler. */
export function implementUnary() {
  return () => {
    throw new Error("unary calls are served without the library");
  };
}

/**
 * Serves a unary call of the Connect protocol, of gRPC-Web, and of gRPC outside the fast path. Connect's library
 * would parse the message before any interceptor runs. It only says which methods and types are supported.
 */
export function createUnaryRoute(options: UnaryRouteOptions): HttpRoute {
  const { handler, operation, bodies, requestTimeoutMs, registry } = options;
  const sendResponse = compileResponse(operation.method.output, registry);
  const { name, reader, run, maxMessageBytes: maxBytes = bodies.maxBytes } = operation;

  async function readMessage(
    req: IncomingMessage,
    { cancellation }: Call,
    beforeDecode: BeforeDecode | undefined,
  ): Promise<Message> {
    assertHeaders(req);
    const decode = isJson(req) ? reader.fromJson : reader.fromBinary;
    if (isFramed(req)) {
      const encoding = req.headers["grpc-encoding"];
      return readGrpcMessage(
        req,
        { bodies, maxBytes, encoding, cancellation, beforeDecode },
        decode,
      );
    }
    assertContentLength(req, maxBytes);
    return readHttpBody(req, { bodies, maxBytes, cancellation, beforeDecode }, decode);
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
      const running = run(call, (beforeDecode) => readMessage(req, call, beforeDecode));
      const message = await orThrow(running);
      setQuotaHeaders(call, res);
      await sendResponse(message, req, res);
    },
  };
}

function isFramed(req: IncomingMessage): boolean {
  return rpcProtocolOf(req) !== "connect";
}
