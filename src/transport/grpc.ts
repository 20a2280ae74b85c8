import type { IncomingHttpHeaders, ServerHttp2Stream } from "node:http2";
import { constants } from "node:http2";
import type { BinaryWriter } from "../api/binary-writer.ts";
import { compileBinaryWriter } from "../api/binary-writer.ts";
import type { Call } from "../api/call.ts";
import type { CallLifecycle } from "../api/call-lifecycle.ts";
import type { Operation, ReadMessage, UnaryOperation } from "../api/operation.ts";
import { Fault } from "../errors.ts";
import type { BodyReader } from "./body.ts";
import { closeAfterResponse } from "./discard.ts";
import { readGrpcMessage, writeGrpcMessage } from "./grpc-message.ts";
import { grpcStatusOf } from "./grpc-status.ts";
import { pathOf } from "./path.ts";
import type { Strangers } from "./strangers.ts";
import { parseCallerTimeout } from "./timeout.ts";

export interface GrpcTransportOptions {
  readonly operations: readonly Operation[];
  readonly lifecycle: CallLifecycle;
  readonly bodies: BodyReader;
  /** Longest time a call may take, in milliseconds. */
  readonly requestTimeoutMs: number;
  /**
   * The fault of a path that no other transport serves, or does not serve now; undefined if one serves it.
   * Rejecting such calls here costs least.
   */
  readonly rejectionOf: (path: string, stream: ServerHttp2Stream) => Fault | undefined;
  readonly strangers?: Strangers | undefined;
}

/** Serves the request, or returns false if it is not a gRPC call in protobuf that is unary or unknown. */
export type GrpcTransport = (
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  peerAddress?: string | undefined,
) => boolean;

/**
 * The fast path: serves unary gRPC calls on Node's HTTP/2 streams, without Node's compatibility layer
 * and Connect's chain of streams. A test compares its responses with those of Connect.
 */
export function createGrpcTransport(options: GrpcTransportOptions): GrpcTransport {
  const { lifecycle, bodies, requestTimeoutMs, rejectionOf, strangers } = options;
  const routes = new Map<string, GrpcRoute>(
    options.operations.flatMap((operation) => {
      if (operation.kind !== "unary") return [];
      const write = compileBinaryWriter(operation.method.output);
      return [[`/${operation.name}`, { operation, write }] as const];
    }),
  );

  return (stream, headers, peerAddress) => {
    const path = headers[":path"] ?? "";
    const route = routes.get(path);
    if (!isGrpcCall(headers)) return false;
    const rejection = route === undefined ? rejectionOf(pathOf(path), stream) : undefined;
    if (route === undefined && rejection === undefined) return false;
    const timeout = parseCallerTimeout("grpc-timeout", headers["grpc-timeout"]);
    const call = lifecycle.begin({
      method: route?.operation.name ?? "unknown",
      protocol: "grpc",
      headers,
      peerAddress,
      callerTimeoutMs: timeout.timeoutMs,
      timeoutMs: requestTimeoutMs,
    });
    const { session } = stream;
    stream.on("error", ignore);
    onClose(stream, () => {
      lifecycle.end(call, !stream.aborted && stream.rstCode === constants.NGHTTP2_NO_ERROR);
      if (call.principal !== undefined) strangers?.recognize(session);
    });
    if (route === undefined) {
      rejectCall(stream, call, rejection);
      return true;
    }
    const readMessage: ReadMessage = (beforeDecode) => {
      if (timeout.fault !== undefined) throw timeout.fault;
      const { cancellation } = call;
      const { maxMessageBytes: maxBytes = bodies.maxBytes, reader } = route.operation;
      const encoding = headers["grpc-encoding"];
      return readGrpcMessage(
        stream,
        { bodies, maxBytes, encoding, cancellation, beforeDecode },
        reader.fromBinary,
      );
    };
    void respond(stream, { ...route, call, readMessage });
    return true;
  };
}

interface GrpcRoute {
  readonly operation: UnaryOperation;
  readonly write: BinaryWriter;
}

interface GrpcCall extends GrpcRoute {
  readonly call: Call;
  readonly readMessage: ReadMessage;
}

async function respond(
  stream: ServerHttp2Stream,
  { call, operation, write, readMessage }: GrpcCall,
): Promise<void> {
  let body: Buffer;
  try {
    const running = operation.run(call, readMessage);
    if (running instanceof Fault) {
      rejectCall(stream, call, running);
      return;
    }
    body = writeGrpcMessage(write, await running);
  } catch (error) {
    rejectCall(stream, call, error);
    return;
  }
  if (stream.closed || stream.destroyed) return;
  stream.respond(headersOf(call), { waitForTrailers: true });
  stream.on("wantTrailers", sendOkTrailers);
  stream.end(body);
}

/** Sends one frame of headers (Trailers-Only): clients do not retry once they have received a response. */
function rejectCall(stream: ServerHttp2Stream, call: Call, error: unknown): void {
  const status = grpcStatusOf(call.fail(error));
  if (stream.closed || stream.destroyed) return;
  stream.respond(headersOf(call, status), { endStream: true });
  closeAfterResponse(stream);
}

/** The headers of a response, in the form that takes Node the least time. */
function headersOf({ requestId, quota }: Call, more?: Readonly<Record<string, string>>): string[] {
  const headers = [
    ":status",
    "200",
    "content-type",
    "application/grpc+proto",
    "x-request-id",
    requestId,
  ];
  for (const values of [quota?.headers(), more]) {
    for (const name in values) headers.push(name, values[name] as string);
  }
  return headers;
}

function sendOkTrailers(this: ServerHttp2Stream): void {
  this.sendTrailers({ "grpc-status": "0" });
}

/** Other spellings of the content type, JSON, and callers that wait for 100 Continue are left to Connect. */
function isGrpcCall(headers: IncomingHttpHeaders): boolean {
  const type = headers["content-type"] ?? "";
  return (
    headers[":method"] === "POST" &&
    headers.expect === undefined &&
    (type === "application/grpc" || /^application\/grpc(\+proto)?(; ?charset=utf-8)?$/.test(type))
  );
}

/**
 * Calls back once, when the stream is closed. Node keeps the stream and its listeners until a major garbage
 * collection, but must not keep what the callback refers to. To remove all listeners takes longer.
 */
function onClose(stream: ServerHttp2Stream, callback: () => void): void {
  let pending: (() => void) | undefined = callback;
  stream.on("close", () => {
    pending?.();
    pending = undefined;
  });
}

/** "close" reports the errors of a stream. Without a listener for "error" they would end the process. */
function ignore(): void {}
