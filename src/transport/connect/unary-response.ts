import type { IncomingMessage, ServerResponse } from "node:http";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import type { DescMessage, Message, Registry } from "@bufbuild/protobuf";
import { toJsonString } from "@bufbuild/protobuf";
import { compileBinaryWriter } from "../../api/binary-writer.ts";
import type { JsonWriter } from "../../api/json-writer.ts";
import { compileJsonWriter } from "../../api/json-writer.ts";
import { sendJson } from "../envelope.ts";
import { compressedFlag, frameGrpcMessage } from "../grpc-message.ts";
import { grpcContentTypeOf, isJson, protocolOf } from "../protocol.ts";
import { rpcProtocolOf } from "./request.ts";

const gzipAsync = promisify(gzip);

/** Smaller responses are not compressed, in bytes, as in Connect's own transports. */
const minGzipBytes = 1_024;

/** Sends the response of a unary call: of the Connect protocol, of gRPC-Web, or of gRPC. */
export type SendResponse = (
  message: Message,
  req: IncomingMessage,
  res: ServerResponse,
) => Promise<void>;

/**
 * Compiles the function that sends responses of a type. A test compares its responses with those of
 * Connect's library, which would take most of the time of a call.
 */
export function compileResponse(desc: DescMessage, registry?: Registry): SendResponse {
  const writeBinary = compileBinaryWriter(desc);
  const writeJson = jsonWriterOf(desc, registry);
  return async (message, req, res) => {
    const body = isJson(req) ? writeJson(message) : writeBinary(message, 0);
    if (rpcProtocolOf(req) === "connect") await sendBody(body, req, res);
    else await sendFramed(Buffer.from(body), req, res);
  };
}

async function sendBody(
  body: string | Buffer,
  { headers }: IncomingMessage,
  res: ServerResponse,
): Promise<void> {
  const type = typeof body === "string" ? "application/json" : "application/proto";
  const length = Buffer.byteLength(body);
  if (length < minGzipBytes || !accepts(headers["accept-encoding"])) {
    if (typeof body === "string") sendJson(res, 200, body);
    else send(res, body, { "Content-Type": type, "Content-Length": length });
    return;
  }
  const compressed = await gzipAsync(body);
  send(res, compressed, {
    "Content-Type": type,
    "Content-Encoding": "gzip",
    "Content-Length": compressed.length,
  });
}

/** The trailers of gRPC-Web, which are the last frame of the body. */
const trailerFrame = frameGrpcMessage(Buffer.from("grpc-status: 0\r\n"), 0x80);

async function sendFramed(
  message: Buffer,
  req: IncomingMessage,
  res: ServerResponse,
): Promise<void> {
  const isGzip = accepts(req.headers["grpc-accept-encoding"]);
  const frame =
    isGzip && message.length >= minGzipBytes
      ? frameGrpcMessage(await gzipAsync(message), compressedFlag)
      : frameGrpcMessage(message);
  const headers = {
    "Content-Type": grpcContentTypeOf(req),
    ...(isGzip ? { "Grpc-Encoding": "gzip" } : {}),
  };
  if (protocolOf(req) === "grpc-web") {
    const body = Buffer.concat([frame, trailerFrame]);
    send(res, body, { ...headers, "Content-Length": body.length });
    return;
  }
  res.writeHead(200, headers);
  res.addTrailers({ "Grpc-Status": "0" });
  res.end(frame);
}

/** Messages that the compiled writer does not support are left to the library. */
function jsonWriterOf(desc: DescMessage, registry: Registry | undefined): JsonWriter {
  try {
    return compileJsonWriter(desc, { isRest: false });
  } catch {
    return (message) => toJsonString(desc, message, registry && { registry });
  }
}

function send(res: ServerResponse, body: Buffer, headers: Record<string, string | number>): void {
  res.writeHead(200, headers);
  res.end(body);
}

function accepts(encodings: string | string[] | undefined): boolean {
  const names = String(encodings ?? "").split(",");
  return names.some((name) => name.trim() === "gzip");
}
