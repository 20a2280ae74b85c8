import type { IncomingMessage } from "node:http";
import type { UniversalHandler } from "@connectrpc/connect/protocol";
import type { Protocol } from "../../api/call.ts";
import { fault } from "../../errors.ts";
import { protocolOf } from "../protocol.ts";
import type { CallerTimeout } from "../timeout.ts";
import { parseCallerTimeout } from "../timeout.ts";

/** The protocol of a request to the path of an RPC, where JSON is that of Connect. */
export function rpcProtocolOf(req: IncomingMessage): Protocol {
  const protocol = protocolOf(req);
  return protocol === "rest" ? "connect" : protocol;
}

export function callerTimeoutOf(req: IncomingMessage): CallerTimeout {
  const name = rpcProtocolOf(req) === "connect" ? "connect-timeout-ms" : "grpc-timeout";
  return parseCallerTimeout(name, req.headers[name]);
}

/**
 * Whether Connect serves the method and the content type of a request.
 *
 * @throws Fault METHOD_NOT_ALLOWED, UNSUPPORTED_MEDIA_TYPE
 */
export function assertSupported(handler: UniversalHandler, req: IncomingMessage): void {
  if (!handler.allowedMethods.includes(req.method ?? "")) throw fault("METHOD_NOT_ALLOWED");
  const type = req.headers["content-type"] ?? "";
  // Connect accepts the text mode of gRPC-Web here, but does not serve it.
  if (!handler.supportedContentType(type) || /^application\/grpc-web-text/i.test(type)) {
    throw fault("UNSUPPORTED_MEDIA_TYPE", {
      types: "one of gRPC, gRPC-Web, or Connect, such as application/proto",
    });
  }
}

/** The headers of a request that Connect needs. The timeout is not included, because the call already has it. */
export function webHeaders({ headers }: IncomingMessage): Headers {
  const web = new Headers();
  for (const [name, value] of Object.entries(headers)) {
    const isTimeout = name === "grpc-timeout" || name === "connect-timeout-ms";
    if (!name.startsWith(":") && !isTimeout) web.set(name, String(value));
  }
  return web;
}
