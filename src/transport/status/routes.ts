import type { HttpRoutes } from "../http-route.ts";
import { createPageRoutes } from "../page-routes.ts";

/** The routes of `/status`: a page that shows `/metrics` as charts. */
export function createStatusRoutes(): HttpRoutes {
  return createPageRoutes({
    path: "/status",
    name: "status",
    html: urlOf("./page.html"),
    files: {
      "page.js": urlOf("./page.js"),
      "charts.js": urlOf("./charts.js"),
      "format.js": urlOf("./format.js"),
      "reading.js": urlOf("./reading.js"),
      "samples.js": urlOf("./samples.js"),
      "page.css": urlOf("./page.css"),
      "uplot.js": urlOf("uplot/dist/uPlot.esm.js"),
      "uplot.css": urlOf("uplot/dist/uPlot.min.css"),
    },
  });
}

function urlOf(module: string): URL {
  return new URL(import.meta.resolve(module));
}
