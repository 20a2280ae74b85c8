import type { IncomingMessage } from "node:http";
import type { GetResponse } from "./get-route.ts";
import { createGetRoute } from "./get-route.ts";
import type { HttpRoutes } from "./http-route.ts";

/** One thing that must be in order for the service to serve calls. */
export interface ReadinessCheck {
  readonly name: string;
  /** What is wrong; undefined if nothing is. */
  readonly problem: string | undefined;
}

export interface ProbesOptions {
  readonly checkReadiness: () => Promise<readonly ReadinessCheck[]>;
}

/**
 * The routes of the probes: `/livez` is 200 as long as the process can respond; `/readyz` is 200 if no
 * check has a problem, else 503. `/readyz?verbose` has a line for each check.
 */
export function createProbes({ checkReadiness }: ProbesOptions): HttpRoutes {
  return new Map([
    ["/livez", createGetRoute("livez", () => plain(200, "ok"))],
    [
      "/readyz",
      createGetRoute("readyz", async (req) => {
        const checks = await checkReadiness();
        const isReady = checks.every(({ problem }) => problem === undefined);
        const lines = isVerbose(req) ? checks.map(lineOf) : [];
        return plain(isReady ? 200 : 503, ...lines, isReady ? "ok" : "not ready");
      }),
    ],
  ]);
}

function lineOf({ name, problem = "ok" }: ReadinessCheck): string {
  return `${name}: ${problem}`;
}

function isVerbose({ url = "" }: IncomingMessage): boolean {
  const query = url.indexOf("?");
  return query !== -1 && new URLSearchParams(url.slice(query)).has("verbose");
}

function plain(status: number, ...lines: readonly string[]): GetResponse {
  return {
    status,
    headers: { "Content-Type": "text/plain", "Cache-Control": "no-store" },
    body: `${lines.join("\n")}\n`,
  };
}
