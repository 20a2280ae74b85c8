import type { IncomingMessage } from "node:http";
import type { Protocol } from "../api/call.ts";

/** The protocol of a request, according to its headers. JSON is REST unless a header of Connect is present. */
export function protocolOf({ headers }: IncomingMessage): Protocol {
  const type = headers["content-type"]?.toLowerCase() ?? "";
  if (type.startsWith("application/grpc-web")) return "grpc-web";
  if (type.startsWith("application/grpc")) return "grpc";
  const isConnect =
    headers["connect-protocol-version"] !== undefined ||
    type.startsWith("application/proto") ||
    type.startsWith("application/connect+");
  return isConnect ? "connect" : "rest";
}

/** Whether the messages of an RPC are in JSON, not in protobuf. */
export function isJson({ headers }: IncomingMessage): boolean {
  return /^application\/([\w-]+\+)?json\b/i.test(headers["content-type"] ?? "");
}

/** The content type of a response of gRPC or gRPC-Web. */
export function grpcContentTypeOf(req: IncomingMessage): string {
  const type = protocolOf(req) === "grpc-web" ? "application/grpc-web" : "application/grpc";
  return isJson(req) ? `${type}+json` : `${type}+proto`;
}
