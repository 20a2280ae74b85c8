import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer as createHttp1Server, STATUS_CODES } from "node:http";
import type { ServerHttp2Session } from "node:http2";
import { createServer as createHttp2Server } from "node:http2";
import type { AddressInfo, Socket } from "node:net";
import { fault } from "../errors.ts";
import { faultEnvelope } from "./envelope.ts";
import type { GrpcTransport } from "./grpc.ts";

export type RequestHandler = (req: IncomingMessage, res: ServerResponse) => void;

export interface ListenerOptions {
  /** Serves the requests that `grpc` does not serve. */
  readonly handler: RequestHandler;
  readonly grpc: GrpcTransport;
  /** Time after which a connection without a complete request is closed, in milliseconds. */
  readonly silenceMs: number;
  /** Time after which an HTTP/2 connection without calls is closed, in milliseconds. */
  readonly idleMs: number;
}

export interface Listener {
  /** @throws Error of the system, such as EADDRINUSE */
  listen(address: { readonly host: string; readonly port: number }): Promise<AddressInfo>;
  /** Stops accepting requests and waits for those in flight. Resolves when all connections are closed. */
  drain(): Promise<void>;
  /** Closes all connections immediately. */
  destroy(): void;
}

/** The first bytes of every HTTP/2 connection. No HTTP/1 method begins with them. */
const http2Preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

/**
 * Serves HTTP/1.1 and HTTP/2 without TLS (h2c) on one port. Without TLS there is no negotiation, so the
 * first bytes of a connection determine the protocol.
 *
 * The HTTP/1 server listens, because its timeouts and its closing of idle connections work only then.
 * Its own connection listener is called after the first bytes have arrived.
 */
export function createListener({ handler, grpc, silenceMs, idleMs }: ListenerOptions): Listener {
  const pending = new WeakMap<Socket, ServerResponse>();
  const http1 = createHttp1Server(
    { headersTimeout: silenceMs, requestTimeout: silenceMs, connectionsCheckingInterval: 1_000 },
    (req, res) => {
      // Pipelined requests are served one after another, because they change data.
      whenAnswered(pending, req.socket, () => handler(req, res));
      pending.set(req.socket, res);
    },
  );
  const http2 = createHttp2Server({ settings: { maxConcurrentStreams: 1_000 } }, (req, res) => {
    // Node's HTTP/2 objects have all members of the HTTP/1 objects that the handler uses.
    handler(req as unknown as IncomingMessage, res as unknown as ServerResponse);
  });
  const acceptStream = http2.listeners("stream") as ((...args: unknown[]) => void)[];
  http2.removeAllListeners("stream");
  http2.on("stream", (stream, headers, flags, rawHeaders) => {
    if (grpc(stream, headers)) return;
    for (const accept of acceptStream) accept.call(http2, stream, headers, flags, rawHeaders);
  });
  const sockets = new Set<Socket>();
  /** Connections whose protocol is not known yet. */
  const undecided = new Set<Socket>();
  const sessions = new Set<ServerHttp2Session>();
  let draining = false;

  const acceptHttp1 = http1.listeners("connection") as ((socket: Socket) => void)[];
  http1.removeAllListeners("connection");
  http1.on("connection", (socket: Socket) => {
    sockets.add(socket);
    undecided.add(socket);
    socket.once("close", () => {
      sockets.delete(socket);
      undecided.delete(socket);
    });
    socket.setNoDelay(true);
    whenProtocolKnown(socket, silenceMs, (isHttp2) => {
      undecided.delete(socket);
      if (isHttp2) http2.emit("connection", socket);
      else for (const accept of acceptHttp1) accept.call(http1, socket);
    });
  });
  http1.on("clientError", (error, stream) => {
    const socket = stream as Socket;
    const reject = () => rejectUnreadable(error, socket);
    // Invalid bytes within a body end that request. Those after a complete request wait for its response.
    if (pending.get(socket)?.req.complete === false) reject();
    else whenAnswered(pending, socket, reject);
  });

  http2.on("session", (session) => {
    sessions.add(session);
    session.once("close", () => sessions.delete(session));
    session.setTimeout(idleMs, () => session.close());
    session.on("error", () => session.destroy());
    // A client that has closed its sending side can neither send calls nor update flow-control windows.
    session.socket.once("end", () => session.destroy());
    if (draining) session.close();
  });

  return {
    listen: ({ host, port }) =>
      new Promise((resolve, reject) => {
        http1.once("error", reject);
        http1.listen({ host, port, backlog: 1_024 }, () => {
          http1.off("error", reject);
          resolve(http1.address() as AddressInfo);
        });
      }),
    async drain() {
      draining = true;
      const closed = new Promise((resolve) => http1.close(resolve));
      for (const session of sessions) session.close();
      for (const socket of undecided) socket.destroy();
      // Connections become idle one by one, as their last responses are sent.
      const closing = setInterval(() => http1.closeIdleConnections(), 20);
      await closed;
      clearInterval(closing);
    },
    destroy() {
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** Calls back when the last response on the connection is sent, or immediately if there is none. */
function whenAnswered(
  pending: WeakMap<Socket, ServerResponse>,
  socket: Socket,
  callback: () => void,
): void {
  const latest = pending.get(socket);
  if (latest === undefined || latest.closed) callback();
  else latest.once("close", callback);
}

/** Waits for enough bytes to distinguish HTTP/2 from HTTP/1, and puts them back. */
function whenProtocolKnown(
  socket: Socket,
  silenceMs: number,
  accept: (isHttp2: boolean) => void,
): void {
  const onGone = () => socket.destroy();
  let bytes: Buffer = Buffer.alloc(0);
  const onReadable = () => {
    const more: Buffer | null = socket.read();
    if (more === null) return;
    bytes = Buffer.concat([bytes, more]);
    const seen = Math.min(bytes.length, http2Preface.length);
    const isPreface = bytes.subarray(0, seen).equals(http2Preface.subarray(0, seen));
    if (isPreface && seen < http2Preface.length) return;
    socket.unshift(bytes);
    socket.off("readable", onReadable);
    for (const event of ["end", "error", "timeout"]) socket.off(event, onGone);
    socket.setTimeout(0);
    accept(isPreface);
  };
  socket.on("readable", onReadable);
  for (const event of ["end", "error", "timeout"]) socket.on(event, onGone);
  socket.setTimeout(silenceMs);
}

/** Responds to bytes that Node cannot parse as HTTP/1, and closes the connection. */
function rejectUnreadable(error: Error & { code?: string }, socket: Socket): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const reason = error.code === "ERR_HTTP_REQUEST_TIMEOUT" ? "REQUEST_TIMEOUT" : "BAD_REQUEST";
  const envelope = faultEnvelope(fault(reason));
  const { status } = envelope;
  const body = JSON.stringify(envelope);
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\n` +
      `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}
