import type { IncomingMessage, ServerResponse } from "node:http";
import { fault } from "../errors.ts";
import type { HttpRoute } from "./http-route.ts";

/** What a GET returns. */
export interface GetResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Buffer;
}

/**
 * A route of GET and HEAD, which needs no Server-Key.
 *
 * @param name the name of the route in the log
 */
export function createGetRoute(
  name: string,
  get: (req: IncomingMessage) => GetResponse | Promise<GetResponse>,
): HttpRoute {
  return {
    describe: () => ({ method: name, protocol: "rest" }),
    async serve(_call, req, res) {
      if (req.method !== "GET" && req.method !== "HEAD") throw fault("METHOD_NOT_GET");
      send(res, await get(req));
    },
  };
}

function send(res: ServerResponse, { status, headers, body }: GetResponse): void {
  // A 304 response has neither content nor a content length.
  const length = status === 304 ? {} : { "Content-Length": Buffer.byteLength(body) };
  res.writeHead(status, { ...headers, ...length });
  res.end(body);
}
