import type { IncomingMessage, ServerResponse } from "node:http";
import type { HttpRoute } from "./http-route.ts";

/** Origins such as `https://app.example.com`, or `*` for all. */
export type CorsOrigins = "*" | readonly string[];

export interface Cors {
  /** The route of a preflight; undefined for any other request. */
  preflightRoute(req: IncomingMessage): HttpRoute | undefined;
  /** Sets the headers that let pages of the allowed origins read a response. */
  setHeaders(req: IncomingMessage, res: ServerResponse): void;
}

/** The headers that clients of REST, Connect, and gRPC-Web send, and those of a proxy with its own auth. */
const requestHeaders = [
  ...[
    "Authorization",
    "Server-Key",
    "Content-Type",
    "Content-Encoding",
    "X-Request-Id",
    "X-Allow-Stale",
  ],
  ...["Connect-Protocol-Version", "Connect-Timeout-Ms", "Grpc-Timeout", "X-Grpc-Web"],
  ...["X-User-Agent", "traceparent", "tracestate"],
].join(", ");

/** The headers of responses that clients read. */
const responseHeaders = [
  ...["Grpc-Status", "Grpc-Message", "Grpc-Status-Details-Bin", "X-Request-Id", "Retry-After"],
  ...["RateLimit", "RateLimit-Policy", "WWW-Authenticate"],
].join(", ");

/** How long a browser keeps the answer to a preflight, in seconds. Chromium accepts no larger value. */
const maxAgeSeconds = 7_200;

/** Lets pages of other origins call the service (https://fetch.spec.whatwg.org/#http-cors-protocol). */
export function createCors(origins: CorsOrigins): Cors {
  function allowedOrigin({ headers: { origin } }: IncomingMessage): string | undefined {
    if (origins === "*") return "*";
    return origin !== undefined && origins.includes(origin) ? origin : undefined;
  }

  const preflight: HttpRoute = {
    describe: () => ({ method: "preflight", protocol: "rest" }),
    async serve(_call, _req, res) {
      res.setHeader("Access-Control-Allow-Methods", "GET, POST");
      res.setHeader("Access-Control-Allow-Headers", requestHeaders);
      res.setHeader("Access-Control-Max-Age", maxAgeSeconds);
      res.writeHead(204).end();
    },
  };

  return {
    preflightRoute(req) {
      const isPreflight =
        req.method === "OPTIONS" && req.headers["access-control-request-method"] !== undefined;
      return isPreflight && allowedOrigin(req) !== undefined ? preflight : undefined;
    },
    setHeaders(req, res) {
      // A cache must not give the response for one origin to another.
      if (origins !== "*") res.setHeader("Vary", "Origin");
      const origin = allowedOrigin(req);
      if (origin === undefined) return;
      res.setHeader("Access-Control-Allow-Origin", origin);
      res.setHeader("Access-Control-Expose-Headers", responseHeaders);
    },
  };
}
