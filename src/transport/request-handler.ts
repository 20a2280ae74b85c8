import type { IncomingMessage } from "node:http";
import type { Http2ServerResponse } from "node:http2";
import type { CallLifecycle } from "../api/call-lifecycle.ts";
import { toFault } from "../api/interceptors.ts";
import { fault } from "../errors.ts";
import { closeAfterResponse } from "./discard.ts";
import { sendFault } from "./fault-response.ts";
import type { HttpRoute, HttpRoutes } from "./http-route.ts";
import type { RequestHandler } from "./listener.ts";
import { protocolOf } from "./protocol.ts";

export interface RequestHandlerOptions {
  /** The routes of all protocols over HTTP. */
  readonly routes: HttpRoutes;
  readonly lifecycle: CallLifecycle;
}

/** Serves HTTP requests: finds the route of the path, and begins and ends the call. */
export function createRequestHandler(options: RequestHandlerOptions): RequestHandler {
  const { routes, lifecycle } = options;

  return (req, res) => {
    const route = routes.get(pathOf(req)) ?? unknownRoute;
    const call = lifecycle.begin({
      ...route.describe(req),
      serverKey: req.headers["server-key"],
      requestId: req.headers["x-request-id"],
    });
    // "close" reports the errors of a connection. Without these listeners they would end the process.
    req.on("error", () => {});
    res.on("error", () => {});
    res.once("close", () => lifecycle.end(call, res.writableFinished));
    res.setHeader("X-Request-Id", call.requestId);
    const { stream } = res as unknown as Partial<Http2ServerResponse>;
    stream?.once("finish", () => closeAfterResponse(stream));
    route.serve(call, req, res).catch((error: unknown) => {
      call.fault ??= toFault(error);
      sendFault(call.protocol, call.fault, req, res);
    });
  };
}

const unknownRoute: HttpRoute = {
  describe: (req) => ({ method: "unknown", protocol: protocolOf(req) }),
  serve: async () => {
    throw fault("NOT_FOUND");
  },
};

/** The path without its query. The target of a request may also be a whole URL. */
function pathOf({ url = "" }: IncomingMessage): string {
  const target = url.startsWith("/") || !URL.canParse(url) ? url : new URL(url).pathname;
  const query = target.indexOf("?");
  return query === -1 ? target : target.slice(0, query);
}
