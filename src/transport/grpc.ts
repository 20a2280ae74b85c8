import type { IncomingHttpHeaders, ServerHttp2Stream } from "node:http2";
import { constants } from "node:http2";
import { toBinary } from "@bufbuild/protobuf";
import type { Call } from "../api/call.ts";
import type { CallLifecycle } from "../api/call-lifecycle.ts";
import type { Operation, ReadMessage, UnaryOperation } from "../api/operation.ts";
import { closeAfterResponse } from "./discard.ts";
import { frameGrpcMessage, readGrpcMessage } from "./grpc-message.ts";
import { grpcStatusOf } from "./grpc-status.ts";
import { parseCallerTimeout } from "./timeout.ts";

export interface GrpcTransportOptions {
  readonly operations: readonly Operation[];
  readonly lifecycle: CallLifecycle;
  /** Size limit of a message in bytes, before and after decompression. */
  readonly maxBodyBytes: number;
  /** Longest time a call may take, in milliseconds. */
  readonly requestTimeoutMs: number;
}

/** Serves the request, or returns false if it is not a unary gRPC call in protobuf. */
export type GrpcTransport = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => boolean;

/**
 * The fast path: serves unary gRPC calls on Node's HTTP/2 streams, without Node's compatibility layer
 * and Connect's chain of streams. A test compares its responses with those of Connect.
 */
export function createGrpcTransport(options: GrpcTransportOptions): GrpcTransport {
  const { lifecycle, maxBodyBytes, requestTimeoutMs } = options;
  const operations = new Map<string, UnaryOperation>(
    options.operations.flatMap((operation) =>
      operation.kind === "unary" ? [[`/${operation.name}`, operation] as const] : [],
    ),
  );

  return (stream, headers) => {
    const operation = operations.get(headers[":path"] ?? "");
    if (operation === undefined || !isGrpcCall(headers)) return false;
    const timeout = parseCallerTimeout("grpc-timeout", headers["grpc-timeout"]);
    const call = lifecycle.begin({
      method: operation.name,
      protocol: "grpc",
      serverKey: headers["server-key"],
      allowStale: headers["x-allow-stale"],
      requestId: headers["x-request-id"],
      callerTimeoutMs: timeout.timeoutMs,
      timeoutMs: requestTimeoutMs,
    });
    stream.on("error", ignore);
    stream.once("close", () => {
      lifecycle.end(call, !stream.aborted && stream.rstCode === constants.NGHTTP2_NO_ERROR);
      // Node keeps the stream until a major garbage collection, but must not keep the call.
      stream.removeAllListeners();
    });
    const readMessage = async () => {
      if (timeout.fault !== undefined) throw timeout.fault;
      const encoding = headers["grpc-encoding"];
      return operation.reader.fromBinary(
        await readGrpcMessage(stream, { maxBytes: maxBodyBytes, encoding }),
      );
    };
    void respond(stream, { call, operation, readMessage });
    return true;
  };
}

interface GrpcCall {
  readonly call: Call;
  readonly operation: UnaryOperation;
  readonly readMessage: ReadMessage;
}

async function respond(
  stream: ServerHttp2Stream,
  { call, operation, readMessage }: GrpcCall,
): Promise<void> {
  const headers = {
    ":status": 200,
    "content-type": "application/grpc+proto",
    "x-request-id": call.requestId,
  };
  let body: Buffer;
  try {
    const message = await operation.run(call, readMessage);
    body = frameGrpcMessage(toBinary(operation.method.output, message));
  } catch (error) {
    const fault = call.fail(error);
    if (stream.closed || stream.destroyed) return;
    // One frame of headers (Trailers-Only): clients do not retry once they have received a response.
    stream.respond({ ...headers, ...grpcStatusOf(fault) }, { endStream: true });
    closeAfterResponse(stream);
    return;
  }
  if (stream.closed || stream.destroyed) return;
  stream.respond(headers, { waitForTrailers: true });
  stream.once("wantTrailers", sendOkTrailers);
  stream.end(body);
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

/** "close" reports the errors of a stream. Without a listener for "error" they would end the process. */
function ignore(): void {}
