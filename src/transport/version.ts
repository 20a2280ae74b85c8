import { createGetRoute } from "./get-route.ts";
import type { HttpRoutes } from "./http-route.ts";

export interface VersionOptions {
  /** The version of Kith, as in `0.1.0`. */
  readonly version: string;
  /** The commit that the image was built from, if it is known. */
  readonly commit: string | undefined;
}

/** The route `/version`: JSON with the versions of Kith and Node, and the commit or null. */
export function createVersionRoutes({ version, commit }: VersionOptions): HttpRoutes {
  const body = JSON.stringify({ version, commit: commit ?? null, node: process.version });
  const headers = { "Content-Type": "application/json", "Cache-Control": "no-store" };
  return new Map([["/version", createGetRoute("version", () => ({ status: 200, headers, body }))]]);
}
