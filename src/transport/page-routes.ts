import { readFile } from "node:fs/promises";
import { createGetRoute } from "./get-route.ts";
import type { HttpRoutes } from "./http-route.ts";
import { createStaticRoute } from "./static-route.ts";

export interface PageOptions {
  /** The path of the page, such as `/docs`. The files of the page are below it. */
  readonly path: string;
  /** The name of the routes in the log. */
  readonly name: string;
  /** The HTML of the page. */
  readonly html: URL;
  /** The scripts and style sheets of the page, by their names. */
  readonly files: Readonly<Record<string, URL>>;
}

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

/** The routes of a page and its files. */
export function createPageRoutes({ path, name, html, files }: PageOptions): HttpRoutes {
  const parent = `..${path}`;
  return new Map([
    [
      path,
      createStaticRoute({
        name,
        contentType: "text/html; charset=utf-8",
        headers: { ...headers, "Content-Security-Policy": contentSecurityPolicy },
        load: () => readFile(html),
      }),
    ],
    [
      `${path}/`,
      createGetRoute(name, () => ({ status: 308, headers: { Location: parent }, body: "" })),
    ],
    ...Object.entries(files).map(
      ([file, url]) =>
        [
          `${path}/${file}`,
          createStaticRoute({
            name,
            contentType: `text/${file.endsWith(".js") ? "javascript" : "css"}; charset=utf-8`,
            headers,
            load: () => readFile(url),
          }),
        ] as const,
    ),
  ]);
}
