import type { HttpRoutes } from "../http-route.ts";
import { createPageRoutes } from "../page-routes.ts";

/** The routes of `/docs`: a page that shows `/openapi.json`, and can call the service. */
export function createDocsRoutes(): HttpRoutes {
  return createPageRoutes({
    path: "/docs",
    name: "docs",
    html: urlOf("./page.html"),
    files: {
      // The files of the viewer are those of its package.
      "swagger-ui-bundle.js": urlOf("swagger-ui-dist/swagger-ui-bundle.js"),
      "swagger-ui.css": urlOf("swagger-ui-dist/swagger-ui.css"),
      "page.js": urlOf("./page.js"),
      "page.css": urlOf("./page.css"),
    },
  });
}

function urlOf(module: string): URL {
  return new URL(import.meta.resolve(module));
}
