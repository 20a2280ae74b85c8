import type { IncomingMessage, ServerResponse } from "node:http";
import { fault } from "../errors.ts";
import type { Call } from "../rpc/call.ts";
import { createCall } from "../rpc/call.ts";
import type { CallsUnderWay } from "../rpc/calls-under-way.ts";
import { toFault } from "../rpc/connect-error.ts";
import type { ConnectHandler } from "./connect.ts";
import { createExchange } from "./exchange.ts";
import { grpcStatusOf } from "./grpc-message.ts";
import type { RequestHandler } from "./listener.ts";
import type { Probes } from "./probes.ts";
import { sendFault } from "./rest/envelope.ts";
import type { RestGateway } from "./rest/gateway.ts";
import { methodName } from "./rest/routes.ts";

export interface RequestHandlerOptions {
  readonly rest: RestGateway;
  readonly connect: ConnectHandler;
  readonly probes: Probes;
  /** Milliseconds a unary request may take, from its headers to its answer. */
  readonly requestTimeoutMs: number;
  /** Told of every request when it ends. */
  readonly observe: (call: Call) => void;
  /** Requests under way; this handler keeps it. */
  readonly underWay: CallsUnderWay;
}

/** Sends each request on its way: to REST, to Connect, to the probes, or back. */
export function createRequestHandler(options: RequestHandlerOptions): RequestHandler {
  const { rest, connect, probes, underWay } = options;

  return (req, res) => {
    const path = pathOf(req);
    const probe = probes.get(path);
    if (probe !== undefined) {
      probe(req, res);
      return;
    }
    const route = rest.route(path);
    const rpc = route === undefined ? connect.route(path) : undefined;
    const exchange = createExchange({
      call: createCall({
        method: route?.method ?? (rpc ? methodName(rpc.method) : "unknown"),
        protocol: route ? "rest" : protocolOf(req),
        serverKey: req.headers["server-key"],
        requestId: req.headers["x-request-id"],
      }),
      req,
      res,
      timeoutMs: rpc && rpc.method.methodKind !== "unary" ? undefined : options.requestTimeoutMs,
      onEnd(call) {
        underWay.delete(call);
        options.observe(call);
      },
    });
    const { call } = exchange;
    underWay.add(call);
    res.setHeader("X-Request-Id", call.requestId);
    const answered =
      (route && rest.handle(route, req, res, exchange)) ??
      (rpc && connect.handle(rpc, req, res, exchange)) ??
      Promise.reject(fault("NOT_FOUND"));
    answered.catch((error: unknown) => {
      call.fault ??= toFault(error);
      refuse(req, res, call);
    });
  };
}

/** The answer to what no way in could answer, over gRPC or else as a REST envelope. */
function refuse(req: IncomingMessage, res: ServerResponse, { fault: refused }: Call): void {
  if (refused === undefined || res.headersSent || res.destroyed) {
    res.destroy();
  } else if (req.headers["content-type"]?.startsWith("application/grpc")) {
    // Headers alone, with the end of the stream: what gRPC calls trailers-only.
    res.setHeader("content-type", req.headers["content-type"]);
    for (const [name, value] of Object.entries(grpcStatusOf(refused))) res.setHeader(name, value);
    res.end();
  } else {
    sendFault(res, refused);
  }
}

/** The path without its query; the target of a request may also be a whole URL. */
function pathOf({ url = "" }: IncomingMessage): string {
  const target = url.startsWith("/") || !URL.canParse(url) ? url : new URL(url).pathname;
  const query = target.indexOf("?");
  return query === -1 ? target : target.slice(0, query);
}

function protocolOf({ headers }: IncomingMessage): string {
  const type = headers["content-type"] ?? "";
  if (type.startsWith("application/grpc-web")) return "grpc-web";
  return type.startsWith("application/grpc") ? "grpc" : "connect";
}
