import { setTimeout as sleep } from "node:timers/promises";
import type { Interceptor, Transport } from "@connectrpc/connect";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import {
  createConnectTransport as createConnectWebTransport,
  createGrpcWebTransport,
} from "@connectrpc/connect-web";
import { ContactService } from "./gen/contact/v1/contact_service_pb.ts";

/** The options of a transport of any protocol. */
interface Options {
  baseUrl: string;
  interceptors: Interceptor[];
  defaultTimeoutMs: number;
  useBinaryFormat: true;
}

/** The transports by protocol. The last two use `fetch`, and also run in a browser. */
const transports: Record<string, (options: Options) => Transport> = {
  connect: (options) => createConnectTransport({ ...options, httpVersion: "2", ...keepAlive }),
  grpc: (options) => createGrpcTransport({ ...options, ...keepAlive }),
  "connect-web": createConnectWebTransport,
  "grpc-web": createGrpcWebTransport,
};

const keepAlive = { pingIntervalMs: 30_000, pingTimeoutMs: 5_000 };

export function connect(baseUrl: string, serverKey: string, protocol = "connect") {
  const createTransport = transports[protocol];
  if (createTransport === undefined) throw new Error(`unknown protocol: ${protocol}`);
  const transport = createTransport({
    baseUrl,
    interceptors: [retry, withServerKey(serverKey)],
    defaultTimeoutMs: 10_000,
    useBinaryFormat: true,
  });
  return createClient(ContactService, transport);
}

function withServerKey(key: string): Interceptor {
  return (next) => (request) => {
    request.header.set("Server-Key", key);
    return next(request);
  };
}

/**
 * Repeats a call after UNAVAILABLE or a lost connection, up to five attempts. Every call of Kith
 * is safe to repeat.
 */
const retry: Interceptor = (next) => async (request) => {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await next(request);
    } catch (error) {
      if (attempt === 5 || request.signal.aborted || !isTransient(error)) throw error;
      await sleep(100 * 2 ** (attempt - 1) * (0.5 + Math.random()));
    }
  }
};

/** connect-node reports a lost connection as ABORTED, and `fetch` as UNKNOWN. */
function isTransient(reason: unknown): boolean {
  const { code, cause } = ConnectError.from(reason);
  return (
    code === Code.Unavailable ||
    code === Code.Aborted ||
    (code === Code.Unknown && cause instanceof TypeError)
  );
}
