import type { IncomingMessage, ServerResponse } from "node:http";
import type { Http2ServerResponse } from "node:http2";
import type { Call } from "../api/call.ts";
import type { CallLifecycle } from "../api/call-lifecycle.ts";
import { Fault, fault } from "../errors.ts";
import { connectionOf } from "./connection.ts";
import type { Cors } from "./cors.ts";
import { closeAfterResponse } from "./discard.ts";
import { sendFault } from "./fault-response.ts";
import type { HttpRoute, HttpRoutes } from "./http-route.ts";
import { pathOf } from "./path.ts";
import { protocolOf } from "./protocol.ts";
import type { Strangers } from "./strangers.ts";

/**
 * Serves a request.
 *
 * @param rejection the fault of HTTP that the request has; it is then not served
 */
export type RequestHandler = (
  req: IncomingMessage,
  res: ServerResponse,
  rejection?: Fault,
) => RejectRequest;

/** Ends a request whose body turns out to be invalid. */
export type RejectRequest = (reason: Fault) => void;

export interface RequestHandlerOptions {
  /** The routes of all protocols over HTTP. */
  readonly routes: HttpRoutes;
  readonly lifecycle: CallLifecycle;
  /** Absent: pages of other origins cannot call the service. */
  readonly cors?: Cors | undefined;
  readonly strangers?: Strangers | undefined;
}

/** Serves HTTP requests: finds the route of the path, and begins and ends the call. */
export function createRequestHandler(options: RequestHandlerOptions): RequestHandler {
  const { routes, lifecycle, cors, strangers } = options;

  return (req, res, rejection) => {
    const path = pathOf(req.url ?? "");
    const route =
      rejection === undefined
        ? (cors?.preflightRoute(req) ?? routes.get(path))
        : rejectionRoute(rejection);
    const { describe, serve, setsRequestId = false } = route ?? unknownRoute;
    const call = lifecycle.begin({
      ...describe(req),
      headers: req.headers,
      peerAddress: req.socket.remoteAddress,
      http: { method: req.method ?? "", route: path },
    });
    // "close" reports the errors of a connection. Without these listeners they would end the process.
    req.on("error", ignore);
    res.on("error", ignore);
    const connection = connectionOf(req);
    res.once("close", () => {
      lifecycle.end(call, res.writableFinished);
      if (call.principal !== undefined) strangers?.recognize(connection);
    });
    if (!setsRequestId) res.setHeader("X-Request-Id", call.requestId);
    cors?.setHeaders(req, res);
    const { stream } = res as unknown as Partial<Http2ServerResponse>;
    stream?.once("finish", () => closeAfterResponse(stream));
    const failWith = (error: unknown) => sendFault(call, call.fail(error), req, res);
    const served = start(serve, call, req, res);
    if (served instanceof Fault) failWith(served);
    else served.catch(failWith);
    return (reason) => call.cancellation.abort(reason);
  };
}

/** Calls a function of a route. What it throws is a bug, and fails only this call. */
function start(serve: HttpRoute["serve"], call: Call, req: IncomingMessage, res: ServerResponse) {
  try {
    return serve(call, req, res);
  } catch (error) {
    return call.fail(error);
  }
}

const unknownRoute = rejectionRoute(fault("NOT_FOUND"));

function rejectionRoute(rejection: Fault): HttpRoute {
  return {
    setsRequestId: true,
    describe: (req) => ({ method: "unknown", protocol: protocolOf(req) }),
    serve: () => rejection,
  };
}

function ignore(): void {}
