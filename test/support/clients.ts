import { Agent } from "node:http";
import { Agent as TlsAgent } from "node:https";
import type { DescMessage, DescMethodUnary, JsonValue, MessageShape } from "@bufbuild/protobuf";
import { createRegistry, fromBinary, toBinary, toJson } from "@bufbuild/protobuf";
import type { Transport } from "@connectrpc/connect";
import { ConnectError } from "@connectrpc/connect";
import {
  compressionGzip,
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
  Http2SessionManager,
} from "@connectrpc/connect-node";
import type { ServiceError } from "@grpc/grpc-js";
import { Client, compressionAlgorithms, credentials, Metadata, status } from "@grpc/grpc-js";
import type {
  SyncContactsRequest,
  SyncContactsResponse,
} from "../../src/gen/contact/v1/contact_service_pb.ts";
import { ContactService } from "../../src/gen/contact/v1/contact_service_pb.ts";
import {
  BadRequestSchema,
  ErrorInfoSchema,
  QuotaFailureSchema,
  RetryInfoSchema,
} from "../../src/gen/google/rpc/error_details_pb.ts";
import { StatusSchema } from "../../src/gen/google/rpc/status_pb.ts";

/** A client of one protocol with its own connections. It never retries. */
export interface RpcClient {
  /** Calls Sync Contacts. */
  sync(message: SyncContactsRequest, headers?: Headers): Promise<RpcAnswer<SyncContactsResponse>>;
  /** Calls any unary method. */
  call<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    message: MessageShape<I>,
    headers?: Headers,
  ): Promise<RpcAnswer<MessageShape<O>>>;
  close(): void;
}

type Headers = Readonly<Record<string, string>>;

export type RpcAnswer<T> =
  | { readonly response: T; readonly failure?: never }
  | { readonly failure: RpcFailure; readonly response?: never };

export interface RpcFailure {
  /** Name of the gRPC status, such as `INVALID_ARGUMENT`. */
  readonly code: string;
  readonly message: string;
  /** The details of the error as JSON, by the name of the message type. */
  readonly details: Readonly<Record<string, JsonValue>>;
}

export interface RpcClientOptions {
  /** Compresses every message with gzip. */
  readonly compress?: boolean;
  /** For a service with TLS. */
  readonly tls?: ClientTls;
}

/** Certificates in PEM. */
export interface ClientTls {
  /** Signs the certificate of the service. */
  readonly ca: string;
  /** The certificate of the client. */
  readonly cert?: string;
  readonly key?: string;
}

export type CreateRpcClient = (url: string, options?: RpcClientOptions) => RpcClient;

/** A function for each RPC protocol that creates its client, by name. */
export const rpcClients: Readonly<Record<string, CreateRpcClient>> = {
  "gRPC, by grpc-js": createGrpcJsClient,
  "gRPC, by Connect": overHttp2(createGrpcTransport),
  // The fast path serves protobuf only, so the Connect adapter serves this.
  "gRPC in JSON": overHttp2(createGrpcTransport, { useBinaryFormat: false }),
  "gRPC-Web": overHttp1(createGrpcWebTransport),
  "gRPC-Web in JSON": overHttp1(createGrpcWebTransport, { useBinaryFormat: false }),
  "gRPC-Web over HTTP/2": overHttp2(createGrpcWebTransport),
  Connect: overHttp1(createConnectTransport),
  "Connect in JSON": overHttp1(createConnectTransport, { useBinaryFormat: false }),
  "Connect over HTTP/2": overHttp2(createConnectTransport),
};

export function createGrpcJsClient(
  url: string,
  { compress = false, tls }: RpcClientOptions = {},
): RpcClient {
  const client = new Client(new URL(url).host, channelCredentials(tls), {
    "grpc.enable_retries": 0,
    "grpc.use_local_subchannel_pool": 1,
    ...(compress && { "grpc.default_compression_algorithm": compressionAlgorithms.gzip }),
  });
  const call: RpcClient["call"] = (method, message, headers = {}) => {
    const metadata = new Metadata();
    for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
    return new Promise((resolve, reject) => {
      client.makeUnaryRequest(
        `/${method.parent.typeName}/${method.name}`,
        (request) => Buffer.from(toBinary(method.input, request)),
        (bytes) => fromBinary(method.output, bytes),
        message,
        metadata,
        (error, response) => {
          if (response !== undefined) resolve({ response });
          else grpcJsFailure(error).then((failure) => resolve({ failure }), reject);
        },
      );
    });
  };
  return {
    call,
    sync: (message, headers) => call(ContactService.method.syncContacts, message, headers),
    close: () => client.close(),
  };
}

function channelCredentials(tls: ClientTls | undefined) {
  if (tls === undefined) return credentials.createInsecure();
  const { ca, cert, key } = tls;
  const own = cert !== undefined && key !== undefined ? [Buffer.from(key), Buffer.from(cert)] : [];
  return credentials.createSsl(Buffer.from(ca), ...own);
}

interface TransportOptions {
  readonly baseUrl: string;
  /** Whether messages are in protobuf, not in JSON. */
  readonly useBinaryFormat: boolean;
  readonly sendCompression?: typeof compressionGzip;
  readonly compressMinBytes?: number;
}

interface Http1Options extends TransportOptions {
  readonly httpVersion: "1.1";
  readonly nodeOptions: { readonly agent: Agent | TlsAgent };
}

interface Http2Options extends TransportOptions {
  readonly httpVersion: "2";
  readonly sessionManager: Http2SessionManager;
}

const gzip = { sendCompression: compressionGzip, compressMinBytes: 0 };

function overHttp1(
  createTransport: (options: Http1Options) => Transport,
  { useBinaryFormat = true } = {},
): CreateRpcClient {
  return (baseUrl, { compress = false, tls } = {}) => {
    const agent =
      tls === undefined
        ? new Agent({ keepAlive: true })
        : new TlsAgent({ keepAlive: true, ...tls });
    const options = {
      baseUrl,
      useBinaryFormat,
      httpVersion: "1.1",
      nodeOptions: { agent },
    } as const;
    const transport = createTransport({ ...options, ...(compress && gzip) });
    return createTransportClient(transport, () => agent.destroy());
  };
}

function overHttp2(
  createTransport: (options: Http2Options) => Transport,
  { useBinaryFormat = true } = {},
): CreateRpcClient {
  return (baseUrl, { compress = false, tls } = {}) => {
    const sessionManager = new Http2SessionManager(baseUrl, undefined, tls);
    const options = { baseUrl, useBinaryFormat, httpVersion: "2", sessionManager } as const;
    const transport = createTransport({ ...options, ...(compress && gzip) });
    return createTransportClient(transport, () => sessionManager.abort());
  };
}

function createTransportClient(transport: Transport, close: () => void): RpcClient {
  const call: RpcClient["call"] = async (method, message, headers) => {
    try {
      const answer = await transport.unary(method, undefined, undefined, headers, message);
      return { response: answer.message };
    } catch (error) {
      return { failure: connectFailure(ConnectError.from(error)) };
    }
  };
  return {
    call,
    sync: (message, headers) => call(ContactService.method.syncContacts, message, headers),
    close,
  };
}

/** The trailers contain the details in a status message, which repeats the code and the message. */
async function grpcJsFailure(error: ServiceError | null): Promise<RpcFailure> {
  if (error === null) throw new Error("the call returned neither a response nor an error");
  const { code, details: message, metadata } = error;
  const [bytes] = metadata.get("grpc-status-details-bin");
  if (!Buffer.isBuffer(bytes)) return { code: codeName(code), message, details: {} };
  const status = fromBinary(StatusSchema, bytes);
  if (status.code !== code || status.message !== message) {
    throw new Error(`status ${code} ${message}, but details of ${status.code} ${status.message}`);
  }
  const details = status.details.map(({ typeUrl, value }) => ({
    type: typeUrl.replace("type.googleapis.com/", ""),
    value,
  }));
  return { code: codeName(code), message, details: decodeDetails(details) };
}

function connectFailure({ code, rawMessage, details }: ConnectError): RpcFailure {
  const incoming = details.filter((detail) => "type" in detail);
  return { code: codeName(code), message: rawMessage, details: decodeDetails(incoming) };
}

/** The codes of Connect have the same numbers as those of gRPC. */
function codeName(code: number): string {
  return status[code] ?? String(code);
}

const registry = createRegistry(
  BadRequestSchema,
  ErrorInfoSchema,
  QuotaFailureSchema,
  RetryInfoSchema,
);

function decodeDetails(details: readonly { type: string; value: Uint8Array }[]) {
  const decoded: Record<string, JsonValue> = {};
  for (const { type, value } of details) {
    const desc = registry.getMessage(type);
    if (desc === undefined || type in decoded) throw new Error(`unexpected detail ${type}`);
    decoded[type] = toJson(desc, fromBinary(desc, value));
  }
  return decoded;
}
