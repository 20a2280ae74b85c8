import type { ServerResponse } from "node:http";
import type { HttpRoute, HttpRoutes } from "./http-route.ts";

export interface ProbesOptions {
  /** Whether the service can serve requests: the database answers, and the service is not stopping. */
  readonly isReady: () => Promise<boolean>;
}

/**
 * The routes of the probes, which need no Server-Key: `/livez` is 200 as long as the process can respond;
 * `/readyz` is 200 if it is ready, else 503.
 */
export function createProbes({ isReady }: ProbesOptions): HttpRoutes {
  return new Map([
    ["/livez", probe("livez", async () => true)],
    ["/readyz", probe("readyz", isReady)],
  ]);
}

function probe(method: string, isOk: () => Promise<boolean>): HttpRoute {
  return {
    describe: () => ({ method, protocol: "rest" }),
    serve: async (_call, _req, res) => respond(res, await isOk()),
  };
}

function respond(res: ServerResponse, ok: boolean): void {
  res.writeHead(ok ? 200 : 503, { "Content-Type": "text/plain", "Cache-Control": "no-store" });
  res.end(ok ? "ok\n" : "not ready\n");
}
