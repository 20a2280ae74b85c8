import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { gunzipSync } from "node:zlib";
import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import * as grpc from "@grpc/grpc-js";
import { eventually } from "./eventually.ts";

export interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  /** Empty for the root of a trace. */
  readonly parentSpanId: string;
  readonly name: string;
  /** 2 is a server, 3 a client. */
  readonly kind: number;
  readonly start: bigint;
  readonly end: bigint;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly links: readonly string[];
  /** 0 is unset, 2 an error. */
  readonly status: number;
}

export interface Collector extends AsyncDisposable {
  readonly port: number;
  readonly spans: readonly ReceivedSpan[];
  /** The attributes of the resource of the last export. */
  readonly resource: Readonly<Record<string, unknown>>;
  /** Waits for the span with this name, and returns it. */
  find(name: string): Promise<ReceivedSpan>;
}

class Received {
  readonly spans: ReceivedSpan[] = [];
  resource: Readonly<Record<string, unknown>> = {};

  add(message: Uint8Array): void {
    for (const resourceSpans of readFields(message)[1] ?? []) {
      const fields = readFields(bytesOf(resourceSpans));
      this.resource = readAttributes(readFields(bytesOf(fields[1]?.[0]))[1]);
      for (const scopeSpans of fields[2] ?? []) {
        for (const span of readFields(bytesOf(scopeSpans))[2] ?? []) {
          this.spans.push(readSpan(bytesOf(span)));
        }
      }
    }
  }

  async find(name: string): Promise<ReceivedSpan> {
    await eventually(`a span ${name}`, () => this.spans.some((span) => span.name === name));
    return this.spans.find((span) => span.name === name) as ReceivedSpan;
  }
}

/** A collector of OTLP over HTTP. */
export async function startHttpCollector(): Promise<Collector> {
  const received = new Received();
  const server = createServer(async (req, res) => {
    const chunks: Buffer[] = [];
    for await (const chunk of req) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    if (req.method === "POST" && req.url === "/v1/traces") {
      received.add(req.headers["content-encoding"] === "gzip" ? gunzipSync(body) : body);
      res.setHeader("Content-Type", "application/x-protobuf").end();
    } else res.writeHead(404).end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return Object.assign(received, {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
    },
  });
}

/** A collector of OTLP over gRPC. */
export async function startGrpcCollector(): Promise<Collector> {
  const received = new Received();
  const server = new grpc.Server();
  const bytes = (message: Buffer) => message;
  server.addService(
    {
      export: {
        path: "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
        requestStream: false,
        responseStream: false,
        requestSerialize: bytes,
        requestDeserialize: bytes,
        responseSerialize: bytes,
        responseDeserialize: bytes,
      },
    },
    {
      export(call: grpc.ServerUnaryCall<Buffer, Buffer>, done: grpc.sendUnaryData<Buffer>) {
        received.add(call.request);
        done(null, Buffer.alloc(0));
      },
    },
  );
  const port = await new Promise<number>((resolve, reject) => {
    const credentials = grpc.ServerCredentials.createInsecure();
    server.bindAsync("127.0.0.1:0", credentials, (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  return Object.assign(received, {
    port,
    [Symbol.asyncDispose]: async () => server.forceShutdown(),
  });
}

type Value = Uint8Array | bigint | number;

/** The fields of a message, by number. */
function readFields(message: Uint8Array): Record<number, Value[]> {
  const reader = new BinaryReader(message);
  const fields: Record<number, Value[]> = {};
  while (reader.pos < reader.len) {
    const [number, type] = reader.tag();
    fields[number] ??= [];
    fields[number].push(readValue(reader, type));
  }
  return fields;
}

function readValue(reader: BinaryReader, type: WireType): Value {
  if (type === WireType.Varint) return BigInt(reader.uint64());
  if (type === WireType.Bit64) return BigInt(reader.fixed64());
  if (type === WireType.Bit32) return reader.fixed32();
  return reader.bytes();
}

function bytesOf(value: Value | undefined): Uint8Array {
  return value instanceof Uint8Array ? value : new Uint8Array();
}

const hex = (value: Value | undefined) => Buffer.from(bytesOf(value)).toString("hex");
const text = (value: Value | undefined) => Buffer.from(bytesOf(value)).toString();

function readSpan(message: Uint8Array): ReceivedSpan {
  const fields = readFields(message);
  return {
    traceId: hex(fields[1]?.[0]),
    spanId: hex(fields[2]?.[0]),
    parentSpanId: hex(fields[4]?.[0]),
    name: text(fields[5]?.[0]),
    kind: Number(fields[6]?.[0] ?? 0),
    start: BigInt(fields[7]?.[0] as bigint),
    end: BigInt(fields[8]?.[0] as bigint),
    attributes: readAttributes(fields[9]),
    links: (fields[13] ?? []).map((link) => hex(readFields(bytesOf(link))[2]?.[0])),
    status: Number(readFields(bytesOf(fields[15]?.[0]))[3]?.[0] ?? 0),
  };
}

function readAttributes(values: readonly Value[] = []): Record<string, unknown> {
  return Object.fromEntries(
    values.map((attribute) => {
      const { 1: key, 2: value } = readFields(bytesOf(attribute));
      const { 1: string, 3: int } = readFields(bytesOf(value?.[0]));
      return [text(key?.[0]), int === undefined ? text(string?.[0]) : Number(int[0])];
    }),
  );
}
