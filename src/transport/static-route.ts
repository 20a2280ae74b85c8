import { hash } from "node:crypto";
import { createGetRoute } from "./get-route.ts";
import type { HttpRoute } from "./http-route.ts";

export interface StaticRouteOptions {
  /** The name of the route in the log. */
  readonly name: string;
  readonly contentType: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Called once, when the content is first asked for. */
  readonly load: () => string | Buffer | Promise<string | Buffer>;
}

/** A route whose content does not change while the service runs. Clients can keep it for 5 minutes. */
export function createStaticRoute(options: StaticRouteOptions): HttpRoute {
  const { name, contentType } = options;
  let loaded: Promise<{ readonly body: Buffer; readonly etag: string }> | undefined;

  async function load() {
    const body = Buffer.from(await options.load());
    return { body, etag: `"${hash("sha256", body, "base64url")}"` };
  }

  return createGetRoute(name, async ({ headers: { "if-none-match": known } }) => {
    loaded ??= load();
    const { body, etag } = await loaded;
    const headers = { ...options.headers, ETag: etag, "Cache-Control": "public, max-age=300" };
    if (matches(known, etag)) return { status: 304, headers, body: "" };
    return { status: 200, headers: { ...headers, "Content-Type": contentType }, body };
  });
}

/** Whether `If-None-Match` names the tag. A proxy may have made it a weak one. */
function matches(ifNoneMatch: string | undefined, etag: string): boolean {
  const tags = (ifNoneMatch ?? "").split(",").map((tag) => tag.trim().replace(/^W\//, ""));
  return tags.includes(etag) || tags.includes("*");
}
