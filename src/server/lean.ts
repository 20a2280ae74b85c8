import type { IncomingHttpHeaders, ServerHttp2Stream } from "node:http2";
import { constants } from "node:http2";
import type { Message } from "@bufbuild/protobuf";
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import type { Interceptor, ServiceImplSpec } from "@connectrpc/connect";
import { parseTimeout } from "@connectrpc/connect/protocol-grpc";
import type { Fault } from "../errors.ts";
import { fault } from "../errors.ts";
import { ContactService } from "../gen/contact/v1/contact_service_pb.ts";
import type { Auth } from "../rpc/auth.ts";
import type { Call } from "../rpc/call.ts";
import { createCall } from "../rpc/call.ts";
import { Cancellation, callerLeft } from "../rpc/cancellation.ts";
import { toFault } from "../rpc/connect-error.ts";
import type { InvokeUnary } from "../rpc/unary.ts";
import { createUnaryInvoker } from "../rpc/unary.ts";
import type { UnarySpec } from "../rpc/unary-context.ts";
import { createUnaryContext } from "../rpc/unary-context.ts";
import { grpcStatusOf } from "./grpc-message.ts";
import { readPlainSync } from "./plain-sync.ts";
import { methodName } from "./rest/routes.ts";
import { webHeaders } from "./web-headers.ts";

export interface LeanUnaryOptions {
  readonly service: ServiceImplSpec;
  readonly auth: Auth;
  readonly interceptors: readonly Interceptor[];
  readonly maxBodyBytes: number;
  readonly requestTimeoutMs: number;
  readonly onStart: (call: Call) => void;
  readonly onEnd: (call: Call) => void;
}

/** Takes a call, or returns false where it is not plain enough. */
export type LeanUnary = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => boolean;

interface Method {
  readonly spec: UnarySpec;
  readonly name: string;
  readonly read: (bytes: Buffer) => Message;
  readonly invoke: InvokeUnary;
}

/**
 * Serves plain unary gRPC calls on Node's HTTP/2 streams, without the compatibility layer and the chain
 * of streams that Connect's handlers put between a frame and the implementation. Same gate, same
 * interceptors, same implementation, same answers.
 *
 * Plain is: POST, `application/grpc` or `application/grpc+proto`, no request compression, a
 * readable `grpc-timeout` or none. All else is Connect's.
 */
export function createLeanUnary(options: LeanUnaryOptions): LeanUnary {
  const { service, auth, interceptors, maxBodyBytes, requestTimeoutMs } = options;
  const methods = new Map(
    Object.values(service.methods)
      .filter((spec) => spec.kind === "unary")
      .map((spec): [string, Method] => {
        const name = methodName(spec.method);
        const invoke = createUnaryInvoker(spec, interceptors);
        return [`/${name}`, { spec, name, read: readerOf(spec), invoke }];
      }),
  );

  async function answer(
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
    { spec, read, invoke }: Method,
    call: Call,
    cancellation: Cancellation,
    timeoutMs: number | undefined,
  ): Promise<void> {
    try {
      const context = createUnaryContext({
        spec,
        call,
        protocolName: "grpc",
        url: headers[":path"] ?? "",
        requestHeader: () => webHeaders(headers),
        cancellation,
        timeoutMs: () =>
          timeoutMs === undefined ? undefined : call.startedAt + timeoutMs - performance.now(),
      });
      await auth.gate(context);
      const message = await readMessage(stream, read, maxBodyBytes, cancellation);
      const output = await invoke(context, message);
      sendMessage(stream, answerHeaders(headers, call), toBinary(spec.method.output, output));
    } catch (error) {
      call.fault ??= toFault(error);
      sendStatus(stream, answerHeaders(headers, call), call.fault);
    } finally {
      cancellation.release();
    }
  }

  return (stream, headers) => {
    const method = methods.get(headers[":path"] ?? "");
    if (method === undefined || !isPlain(headers)) return false;
    const timeout = parseTimeout(textOf(headers["grpc-timeout"]), Number.MAX_SAFE_INTEGER);
    if (timeout.error !== undefined || timeout.timeoutMs === 0) return false;
    const call = createCall({
      method: method.name,
      protocol: "grpc",
      serverKey: headers["server-key"],
      requestId: headers["x-request-id"],
    });
    const cancellation = new Cancellation();
    cancellation.startTimer(Math.min(timeout.timeoutMs ?? Infinity, requestTimeoutMs));
    options.onStart(call);
    stream.on("error", ignore);
    stream.once("close", () => {
      if (stream.aborted || stream.rstCode !== constants.NGHTTP2_NO_ERROR) {
        call.fault ??= fault("CANCELLED");
        cancellation.abort(callerLeft());
      }
      options.onEnd(call);
      // The stream lives on until a major garbage collection; what hangs on it must not.
      stream.removeAllListeners();
    });
    void answer(stream, headers, method, call, cancellation, timeout.timeoutMs);
    return true;
  };
}

function readerOf({ method }: UnarySpec): Method["read"] {
  const read = (bytes: Buffer) => fromBinary(method.input, bytes);
  if (method !== ContactService.method.syncContacts) return read;
  return (bytes) => readPlainSync(bytes) ?? read(bytes);
}

/** Faults of a stream are told by "close"; without a listener they would end the process. */
function ignore(): void {}

function isPlain(headers: IncomingHttpHeaders): boolean {
  const type = headers["content-type"];
  const encoding = headers["grpc-encoding"];
  return (
    headers[":method"] === "POST" &&
    (type === "application/grpc" || type === "application/grpc+proto") &&
    (encoding === undefined || encoding === "identity")
  );
}

function textOf(value: string | string[] | undefined): string | null {
  return typeof value === "string" ? value : null;
}

const prefixLength = 5;
const compressedFlag = 1;

/** Reads the one message of a unary call: a byte of flags, four of length, the bytes. */
function readMessage(
  stream: ServerHttp2Stream,
  read: Method["read"],
  maxBytes: number,
  cancellation: Cancellation,
): Promise<Message> {
  const unreadable = () => fault("BODY_UNREADABLE", { format: "protobuf" });
  return new Promise((resolve, reject) => {
    // Node ends a stream without bytes by itself, which may be before the gate is passed.
    if (stream.readableEnded) reject(unreadable());
    const chunks: Buffer[] = [];
    let length = 0;
    let limit = maxBytes + prefixLength;
    stream.on("data", (chunk: Buffer) => {
      chunks.push(chunk);
      const hadPrefix = length >= prefixLength;
      length += chunk.length;
      if (!hadPrefix && length >= prefixLength && joined(chunks).readUInt32BE(1) > maxBytes) {
        limit = 0;
      }
      if (length > limit) {
        stream.pause();
        reject(fault("BODY_TOO_LARGE", { limit: maxBytes.toLocaleString("en-US") }));
      }
    });
    stream.once("end", () => {
      const body = joined(chunks.splice(0));
      const isWhole =
        body.length >= prefixLength &&
        body.length === body.readUInt32BE(1) + prefixLength &&
        ((body[0] ?? 0) & compressedFlag) === 0;
      if (!isWhole) {
        reject(unreadable());
        return;
      }
      try {
        resolve(read(body.subarray(prefixLength)));
      } catch {
        reject(unreadable());
      }
    });
    cancellation.onAbort(reject);
  });
}

function joined(chunks: readonly Buffer[]): Buffer {
  const [first] = chunks;
  return chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks);
}

type Answer = Readonly<Record<string, string | number>>;

/** As Connect answers: where the caller takes gzip the encoding says so, though no message need be. */
function answerHeaders(headers: IncomingHttpHeaders, { requestId }: Call): Answer {
  const accepted = textOf(headers["grpc-accept-encoding"]) ?? "";
  const takesGzip = accepted.split(",").some((encoding) => encoding.trim() === "gzip");
  return {
    ":status": 200,
    "content-type": "application/grpc+proto",
    "x-request-id": requestId,
    ...(takesGzip ? { "grpc-encoding": "gzip" } : {}),
  };
}

function sendMessage(stream: ServerHttp2Stream, headers: Answer, message: Uint8Array): void {
  if (stream.destroyed) return;
  const body = Buffer.allocUnsafe(prefixLength + message.length);
  body[0] = 0;
  body.writeUInt32BE(message.length, 1);
  body.set(message, prefixLength);
  respond(stream, headers, { "grpc-status": "0" });
  stream.end(body);
}

function sendStatus(stream: ServerHttp2Stream, headers: Answer, answered: Fault): void {
  if (stream.destroyed) return;
  respond(stream, headers, grpcStatusOf(answered));
  stream.end();
}

function respond(stream: ServerHttp2Stream, headers: Answer, trailers: Record<string, string>) {
  stream.respond(headers, { waitForTrailers: true });
  stream.once("wantTrailers", () => stream.sendTrailers(trailers));
}
