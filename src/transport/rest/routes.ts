import type { IncomingMessage } from "node:http";
import { hasOption } from "@bufbuild/protobuf";
import type { Call } from "../../api/call.ts";
import { compileJsonWriter } from "../../api/json-writer.ts";
import type { BeforeDecode, Operation } from "../../api/operation.ts";
import { Fault, fault } from "../../errors.ts";
import { http } from "../../gen/google/api/annotations_pb.ts";
import type { BodyReader } from "../body.ts";
import { sendJson, successText } from "../envelope.ts";
import { assertContentLength, readHttpBody } from "../http-body.ts";
import type { HttpRoute, HttpRoutes } from "../http-route.ts";
import { mediaTypeOf } from "../media-type.ts";
import { quotaHeaderList } from "../quota-headers.ts";
import { postPath } from "./post-path.ts";

export interface RestRoutesOptions {
  readonly operations: readonly Operation[];
  readonly bodies: BodyReader;
  /** The maximum duration of a call, in milliseconds. */
  readonly requestTimeoutMs: number;
}

/**
 * Serves RPCs as JSON over HTTP: one route for each operation with a `google.api.http` option. The body
 * is the request message, and the response has the documented envelope.
 *
 * Order of checks (documented contract): path, method, Server-Key, size and type of the body, JSON,
 * parameters.
 *
 * @throws Error if an option, or a field of a message, has a kind that is not supported
 */
export function createRestRoutes({ operations, ...options }: RestRoutesOptions): HttpRoutes {
  const routed = operations.filter(({ method }) => hasOption(method, http));
  return new Map(
    routed.map((operation) => [postPath(operation.method), createRoute(operation, options)]),
  );
}

function createRoute(
  operation: Operation,
  { bodies, requestTimeoutMs }: Omit<RestRoutesOptions, "operations">,
): HttpRoute {
  const { name } = operation;
  if (operation.kind !== "unary") throw new Error(`${name}: REST serves unary calls only`);
  const { reader, run, maxMessageBytes: maxBytes = bodies.maxBytes } = operation;
  const write = compileJsonWriter(operation.method.output, { isRest: true });

  function readMessage(
    req: IncomingMessage,
    { cancellation }: Call,
    beforeDecode: BeforeDecode | undefined,
  ) {
    assertContentLength(req, maxBytes);
    assertJson(req);
    return readHttpBody(req, { bodies, maxBytes, cancellation, beforeDecode }, reader.fromRestJson);
  }

  return {
    setsRequestId: true,
    describe: () => ({ method: name, protocol: "rest", timeoutMs: requestTimeoutMs }),
    serve(call, req, res) {
      if (req.method !== "POST") return fault("METHOD_NOT_ALLOWED");
      const running = run(call, (beforeDecode) => readMessage(req, call, beforeDecode));
      if (running instanceof Fault) return running;
      return running.then((message) =>
        sendJson(res, 200, successText(write(message)), [
          "X-Request-Id",
          call.requestId,
          ...quotaHeaderList(call),
          "Content-Type",
          "application/json",
        ]),
      );
    },
  };
}

/** @throws Fault UNSUPPORTED_MEDIA_TYPE unless the type is `application/json`, in UTF-8 */
function assertJson(req: IncomingMessage): void {
  if (req.headers["content-type"] === "application/json") return;
  if (mediaTypeOf(req) !== "application/json") {
    throw fault("UNSUPPORTED_MEDIA_TYPE", { types: "application/json" });
  }
}
