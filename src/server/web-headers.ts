import type { IncomingHttpHeaders } from "node:http";

/** Node's headers, of HTTP/1 or HTTP/2, as the standard `Headers`. */
export function webHeaders(headers: IncomingHttpHeaders): Headers {
  const web = new Headers();
  for (const [name, value] of Object.entries(headers)) {
    if (name.startsWith(":") || value === undefined) continue;
    for (const one of Array.isArray(value) ? value : [value]) web.append(name, one);
  }
  return web;
}
