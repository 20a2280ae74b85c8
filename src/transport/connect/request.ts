import type { IncomingMessage } from "node:http";
import type { UniversalHandler } from "@connectrpc/connect/protocol";
import type { Protocol } from "../../api/call.ts";
import { fault } from "../../errors.ts";
import { mediaTypeOf } from "../media-type.ts";
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
  const type = mediaTypeOf(req) ?? "";
  // Connect accepts the text mode of gRPC-Web here, but does not serve it.
  if (!handler.supportedContentType(type) || type.startsWith("application/grpc-web-text")) {
    throw fault("UNSUPPORTED_MEDIA_TYPE", {
      types: "one of gRPC, gRPC-Web, or Connect, such as application/proto",
    });
  }
}

/**
 * @throws Fault CONNECT_VERSION, TIMEOUT_UNREADABLE if a header of the protocol has an invalid value
 */
export function assertHeaders(req: IncomingMessage): void {
  const version = req.headers["connect-protocol-version"];
  if (rpcProtocolOf(req) === "connect" && version && version !== "1")
    throw fault("CONNECT_VERSION");
  const { fault: timeoutFault } = callerTimeoutOf(req);
  if (timeoutFault !== undefined) throw timeoutFault;
}

const encodingHeaders = [
  ...["accept-encoding", "grpc-accept-encoding", "connect-accept-encoding"],
  ...["grpc-encoding", "connect-content-encoding"],
];

/** The headers that say how Connect has to read messages and to write its response. */
export function messageHeaders(req: IncomingMessage): Headers {
  const web = new Headers({ "content-type": mediaTypeOf(req) ?? "" });
  for (const name of encodingHeaders) {
    const value = req.headers[name];
    if (value) web.set(name, String(value));
  }
  return web;
}
