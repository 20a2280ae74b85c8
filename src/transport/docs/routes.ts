import { readFile } from "node:fs/promises";
import { createGetRoute } from "../get-route.ts";
import type { HttpRoutes } from "../http-route.ts";
import { createStaticRoute } from "../static-route.ts";

/** The page loads nothing from elsewhere, and no other page can show it. */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

const headers = { "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer" };

/** Files of `/docs/`, with their modules or paths. The files of the viewer are those of its package. */
const assets = [
  ["swagger-ui-bundle.js", "swagger-ui-dist/swagger-ui-bundle.js", "text/javascript"],
  ["swagger-ui.css", "swagger-ui-dist/swagger-ui.css", "text/css"],
  ["page.js", "./page.js", "text/javascript"],
  ["page.css", "./page.css", "text/css"],
] as const;

/** The routes of `/docs`: a page that shows `/openapi.json`, and can call the service. */
export function createDocsRoutes(): HttpRoutes {
  return new Map([
    [
      "/docs",
      createStaticRoute({
        name: "docs",
        contentType: "text/html; charset=utf-8",
        headers: { ...headers, "Content-Security-Policy": contentSecurityPolicy },
        load: () => load("./page.html"),
      }),
    ],
    [
      "/docs/",
      createGetRoute("docs", () => ({ status: 308, headers: { Location: "../docs" }, body: "" })),
    ],
    ...assets.map(
      ([name, module, type]) =>
        [
          `/docs/${name}`,
          createStaticRoute({
            name: "docs",
            contentType: `${type}; charset=utf-8`,
            headers,
            load: () => load(module),
          }),
        ] as const,
    ),
  ]);
}

function load(module: string): Promise<Buffer> {
  return readFile(new URL(import.meta.resolve(module)));
}
