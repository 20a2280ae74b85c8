import type { IncomingMessage, ServerResponse } from "node:http";
import { codeToHttpStatus, errorToJson } from "@connectrpc/connect/protocol-connect";
import type { Call, Protocol } from "../api/call.ts";
import type { Fault, Reason } from "../errors.ts";
import { toConnectError } from "./connect/error.ts";
import type { HeaderList } from "./envelope.ts";
import { faultEnvelope, sendJson } from "./envelope.ts";
import { cacheByFault } from "./fault-cache.ts";
import { frameGrpcMessage } from "./grpc-message.ts";
import { grpcStatusOf } from "./grpc-status.ts";
import { mediaTypeOf } from "./media-type.ts";
import { grpcContentTypeOf } from "./protocol.ts";
import { quotaHeaderList, setQuotaHeaders } from "./quota-headers.ts";

/** The flag of the last message of a stream in the Connect protocol. */
const endStreamFlag = 2;

type Headers = Readonly<Record<string, string>>;

/** The headers that HTTP requires with some errors (RFC 9110). */
const requiredHeaders: { readonly [R in Reason]?: Headers } = {
  METHOD_NOT_ALLOWED: { Allow: "POST" },
  METHOD_NOT_GET: { Allow: "GET, HEAD" },
  UNSUPPORTED_ENCODING: { "Accept-Encoding": "gzip, identity" },
  SERVER_KEY_MALFORMED: { "WWW-Authenticate": "Server-Key" },
  SERVER_KEY_INVALID: { "WWW-Authenticate": "Server-Key" },
  SERVER_KEY_EXPIRED: { "WWW-Authenticate": "Server-Key" },
};

/** The headers that HTTP requires in the response to an error, besides `Retry-After`. */
export function requiredHeadersOf(reason: Reason): Headers {
  return requiredHeaders[reason] ?? {};
}

/** Errors of HTTP itself. They have the envelope, whatever protocol the request seems to speak. */
const httpErrors: ReadonlySet<Reason> = new Set([
  "METHOD_NOT_ALLOWED",
  "UNSUPPORTED_MEDIA_TYPE",
  "BAD_REQUEST",
  "REQUEST_TIMEOUT",
  "EXPECTATION_FAILED",
  "METHOD_UNKNOWN",
  "UNSUPPORTED_TRANSFER_ENCODING",
  "UNSUPPORTED_HTTP_VERSION",
]);

/** Clients of Connect take `application/json` alone as an error of Connect, not as an envelope. */
const envelopeTypes: Record<Protocol, string> = {
  rest: "application/json",
  connect: "application/json; charset=utf-8",
  grpc: "application/json; charset=utf-8",
  "grpc-web": "application/json; charset=utf-8",
};

/** The media types that the paths of a protocol accept (RFC 9110, section 15.5.16). */
const rpcTypes =
  "application/json, application/proto, application/connect+json, application/connect+proto, application/grpc, application/grpc-web";

/** Writes the response of a failed call in the form of its protocol, with `X-Request-Id` and the rate limit. */
export function sendFault(
  call: Pick<Call, "protocol" | "requestId" | "quota">,
  fault: Fault,
  req: IncomingMessage,
  res: ServerResponse,
): void {
  const { protocol } = call;
  if (res.headersSent || res.destroyed) res.destroy();
  else if (protocol === "rest" || httpErrors.has(fault.reason)) {
    sendRestFault(
      protocol === "rest" ? restFaultOf(fault) : toRestFault(fault, protocol),
      call,
      res,
    );
  } else {
    res.setHeader("X-Request-Id", call.requestId);
    setQuotaHeaders(call, res);
    if (protocol === "connect") sendConnectFault(fault, req, res);
    else sendGrpcFault(fault, req, res);
  }
}

/** The response of a failed call with the envelope. */
interface RestFault {
  readonly status: number;
  readonly json: string;
  readonly headers: HeaderList;
}

const restFaultOf = cacheByFault((fault) => toRestFault(fault, "rest"));

function toRestFault(fault: Fault, protocol: Protocol): RestFault {
  const accepted = protocol === "rest" ? "application/json" : rpcTypes;
  return {
    status: fault.row.http,
    json: JSON.stringify(faultEnvelope(fault)),
    headers: [
      ...Object.entries(faultHeadersOf(fault)).flat(),
      ...(fault.reason === "UNSUPPORTED_MEDIA_TYPE" ? ["Accept", accepted] : []),
      ...["Content-Type", envelopeTypes[protocol]],
    ],
  };
}

function sendRestFault(
  { status, json, headers }: RestFault,
  call: Pick<Call, "requestId" | "quota">,
  res: ServerResponse,
): void {
  sendJson(res, status, json, [
    "X-Request-Id",
    call.requestId,
    ...quotaHeaderList(call),
    ...headers,
  ]);
}

function sendConnectFault(fault: Fault, req: IncomingMessage, res: ServerResponse): void {
  const error = toConnectError(fault);
  const type = mediaTypeOf(req) ?? "";
  // The status of an unknown path is 404, whatever the protocol.
  const status = fault.reason === "NOT_FOUND" ? fault.row.http : codeToHttpStatus(error.code);
  setFaultHeaders(fault, res);
  const json = errorToJson(error, undefined);
  if (isStreamType(type) && fault.reason !== "NOT_FOUND") sendStreamEnd(res, type, json);
  else sendJson(res, status, JSON.stringify(json));
}

/** Clients of a stream take its error from the last message, and only if the status is 200. */
function sendStreamEnd(res: ServerResponse, type: string, error: unknown): void {
  const end = frameGrpcMessage(Buffer.from(JSON.stringify({ error })), endStreamFlag);
  res.writeHead(200, { "Content-Type": type, "Content-Length": end.length });
  res.end(end);
}

function isStreamType(type: string): boolean {
  return type.startsWith("application/connect+");
}

function setFaultHeaders(fault: Fault, res: ServerResponse): void {
  for (const [name, value] of Object.entries(faultHeadersOf(fault))) res.setHeader(name, value);
}

function faultHeadersOf({ reason, retryAfter }: Fault): Headers {
  const required = requiredHeadersOf(reason);
  return retryAfter === undefined ? required : { ...required, "Retry-After": `${retryAfter}` };
}

/**
 * Sends one frame of headers (Trailers-Only): clients do not retry once they have received a response.
 * `writeHead` would send a frame of its own.
 */
function sendGrpcFault(fault: Fault, req: IncomingMessage, res: ServerResponse): void {
  res.setHeader("content-type", grpcContentTypeOf(req));
  for (const [name, value] of Object.entries(grpcStatusOf(fault))) res.setHeader(name, value);
  res.end();
}
