import type { IncomingMessage } from "node:http";
import type { Http2ServerRequest } from "node:http2";

/** The connection of a request: the session of HTTP/2, or the socket. */
export function connectionOf(req: IncomingMessage): object {
  const { stream } = req as unknown as Partial<Http2ServerRequest>;
  return stream?.session ?? req.socket;
}
