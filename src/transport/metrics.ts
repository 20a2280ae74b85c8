import { createGetRoute } from "./get-route.ts";
import type { HttpRoutes } from "./http-route.ts";

export interface MetricsRoutesOptions {
  /** All metrics in the text format of Prometheus. */
  readonly text: () => Promise<string>;
  readonly contentType: string;
}

/** The route `/metrics`. */
export function createMetricsRoutes({ text, contentType }: MetricsRoutesOptions): HttpRoutes {
  const headers = { "Content-Type": contentType, "Cache-Control": "no-store" };
  return new Map([
    [
      "/metrics",
      createGetRoute("metrics", async () => ({ status: 200, headers, body: await text() })),
    ],
  ]);
}
