import { readFileSync, readSync, writeSync } from "node:fs";
import type { DescMethod, DescMethodUnary, DescService, Registry } from "@bufbuild/protobuf";
import { create, createFileRegistry, fromBinary, fromJson, toBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import type { Call } from "../../src/api/call.ts";
import { createCallLifecycle } from "../../src/api/call-lifecycle.ts";
import { openInterceptors } from "../../src/api/interceptors.ts";
import type { MessageReader } from "../../src/api/message-reader.ts";
import type { Operation, RunCall } from "../../src/api/operation.ts";
import { createEventLoopTurns } from "../../src/contact/event-loop-turns.ts";
import { fault } from "../../src/errors.ts";
import { createBodyReader } from "../../src/transport/body.ts";
import { createConnectRoutes } from "../../src/transport/connect/routes.ts";
import { createGrpcTransport } from "../../src/transport/grpc.ts";
import { createListener } from "../../src/transport/listener.ts";
import { createRequestHandler } from "../../src/transport/request-handler.ts";
import type { Exchange } from "./exchange.ts";
import { exchangeOnStream, exchangeOverHttp } from "./exchange.ts";
import type { ConformanceRequest } from "./handlers.ts";
import { createConformanceHandlers } from "./handlers.ts";

/**
 * The server under test of the Connect conformance suite: the suite's service on Kith's own transports.
 * The suite starts it, sends a `ServerCompatRequest` to standard input, and reads the port from standard
 * output.
 */
const [descriptors = ""] = process.argv.slice(2);
const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, readFileSync(descriptors)));
const packageName = "connectrpc.conformance.v1";
const service = registry.getService(`${packageName}.ConformanceService`);
if (service === undefined) throw new Error(`${descriptors} has no ConformanceService`);

const requestDesc = messageDesc("ServerCompatRequest");
const request = fromBinary(requestDesc, readInput()) as unknown as {
  readonly messageReceiveLimit: number;
};
const { port } = await serve(service, request.messageReceiveLimit || 1_048_576);
const responseDesc = messageDesc("ServerCompatResponse");
const response = toBinary(responseDesc, create(responseDesc, { host: "127.0.0.1", port } as never));
const prefix = Buffer.alloc(4);
prefix.writeUInt32BE(response.length);
writeSync(1, Buffer.concat([prefix, response]));

/** Reads one message from standard input. Its length in four bytes precedes it. */
function readInput(): Buffer {
  const length = readBytes(4).readUInt32BE();
  return readBytes(length);
}

function readBytes(size: number): Buffer {
  const bytes = Buffer.alloc(size);
  for (let at = 0; at < size; ) {
    const read = readSync(0, bytes, at, size - at, null);
    if (read === 0) throw new Error("standard input ended within a message");
    at += read;
  }
  return bytes;
}

function messageDesc(name: string) {
  const desc = registry.getMessage(`${packageName}.${name}`);
  if (desc === undefined) throw new Error(`${descriptors} has no ${name}`);
  return desc;
}

async function serve(served: DescService, maxBodyBytes: number) {
  const exchanges = new WeakMap<Call, Exchange>();
  let current: Exchange | undefined;
  const lifecycle = createCallLifecycle({ onEnd: () => {} });
  const options = {
    operations: createOperations(served, exchanges),
    lifecycle: {
      ...lifecycle,
      // A transport begins a call before it returns, so the exchange of the call is the current one.
      begin(description: Parameters<typeof lifecycle.begin>[0]) {
        const call = lifecycle.begin(description);
        if (current !== undefined) exchanges.set(call, current);
        return call;
      },
    },
    bodies: createBodyReader({ maxBytes: maxBodyBytes, nextTurn: createEventLoopTurns() }),
    requestTimeoutMs: 60_000,
    stopping: new AbortController().signal,
    registry,
  };
  const routes = createConnectRoutes(options);
  const rejectionOf = (path: string) => (routes.has(path) ? undefined : fault("NOT_FOUND"));
  const grpc = createGrpcTransport({ ...options, rejectionOf });
  const handler = createRequestHandler({ ...options, routes });
  const listener = createListener({
    grpc(stream, headers) {
      current = exchangeOnStream(stream, headers);
      return grpc(stream, headers);
    },
    handler(req, res, rejection) {
      current = exchangeOverHttp(req, res);
      return handler(req, res, rejection);
    },
    silenceMs: 60_000,
    keepAliveMs: 60_000,
    idleMs: 60_000,
  });
  return listener.listen({ host: "127.0.0.1", port: 0 });
}

function createOperations(served: DescService, exchanges: WeakMap<Call, Exchange>): Operation[] {
  const handlers = createConformanceHandlers(served);
  const exchangeOf = (call: Call): Exchange => {
    const exchange = exchanges.get(call);
    if (exchange === undefined) throw new Error("the call has no exchange");
    return exchange;
  };
  return served.methods.flatMap((method): Operation[] => {
    const name = `${served.typeName}/${method.name}`;
    if (method.methodKind === "client_streaming") return [];
    if (method.methodKind !== "unary") {
      return [
        {
          kind: "stream",
          method,
          name,
          handle: (requests, call) =>
            handlers.stream(eachOf<ConformanceRequest>(requests), exchangeOf(call)),
        },
      ];
    }
    const handle = method.name === "Unimplemented" ? handlers.unimplemented : handlers.unary;
    const call: RunCall = async (call, readMessage) => {
      const message = (await readMessage()) as ConformanceRequest;
      return create(method.output, (await handle(message, exchangeOf(call))) as never);
    };
    const run = openInterceptors.reduceRight((next, intercept) => intercept(next), call);
    const reader = createReader(method, registry);
    return [{ kind: "unary", method: method as DescMethodUnary, name, reader, run }];
  });
}

/** The requests of a stream; a call that only its response streams has one. */
async function* eachOf<T>(requests: AsyncIterable<T> | T): AsyncIterable<T> {
  if (Symbol.asyncIterator in Object(requests)) yield* requests as AsyncIterable<T>;
  else yield requests as T;
}

/** Reads any message. The readers of Kith support the fields of its own messages only. */
function createReader({ input }: DescMethod, types: Registry): MessageReader {
  const orUnreadable = <T>(format: string, read: () => T): T => {
    try {
      return read();
    } catch (cause) {
      throw fault("BODY_UNREADABLE", { format }, { cause });
    }
  };
  const fromText = (bytes: Buffer) =>
    orUnreadable("JSON", () =>
      fromJson(input, JSON.parse(bytes.toString()), { registry: types, ignoreUnknownFields: true }),
    );
  return {
    fromBinary: (bytes) =>
      orUnreadable("protobuf", () => fromBinary(input, Uint8Array.from(bytes))),
    fromJson: fromText,
    fromRestJson: fromText,
  };
}
