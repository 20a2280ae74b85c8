import type { HttpRoutes } from "../http-route.ts";
import { createStaticRoute } from "../static-route.ts";
import type { OpenApiOptions } from "./document.ts";
import { createOpenApiDocument } from "./document.ts";

/** The route `/openapi.json`. The document is made when it is first asked for. */
export function createOpenApiRoutes(options: OpenApiOptions): HttpRoutes {
  return new Map([
    [
      "/openapi.json",
      createStaticRoute({
        name: "openapi",
        contentType: "application/json",
        load: () => JSON.stringify(createOpenApiDocument(options)),
      }),
    ],
  ]);
}
