import { hash } from "node:crypto";
import { createGetRoute } from "../get-route.ts";
import type { HttpRoutes } from "../http-route.ts";
import type { OpenApiOptions } from "./document.ts";
import { createOpenApiDocument } from "./document.ts";

/** The route `/openapi.json`. The document is made when it is first asked for. */
export function createOpenApiRoutes(options: OpenApiOptions): HttpRoutes {
  let made: { readonly body: Buffer; readonly etag: string } | undefined;

  function make() {
    const body = Buffer.from(JSON.stringify(createOpenApiDocument(options)));
    return { body, etag: `"${hash("sha256", body, "base64url")}"` };
  }

  return new Map([
    [
      "/openapi.json",
      createGetRoute("openapi", ({ headers: { "if-none-match": known } }) => {
        made ??= make();
        const { body, etag } = made;
        const headers = { ETag: etag, "Cache-Control": "public, max-age=300" };
        if (matches(known, etag)) return { status: 304, headers, body: "" };
        return { status: 200, headers: { ...headers, "Content-Type": "application/json" }, body };
      }),
    ],
  ]);
}

/** Whether `If-None-Match` names the tag. A proxy may have made it a weak one. */
function matches(ifNoneMatch: string | undefined, etag: string): boolean {
  const tags = (ifNoneMatch ?? "").split(",").map((tag) => tag.trim().replace(/^W\//, ""));
  return tags.includes(etag) || tags.includes("*");
}
