import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer as createHttp1Server, STATUS_CODES } from "node:http";
import type { ServerHttp2Session } from "node:http2";
import { createServer as createHttp2Server } from "node:http2";
import type { AddressInfo, Socket } from "node:net";
import { fault } from "../errors.ts";
import type { LeanUnary } from "./lean.ts";
import { envelopeOf } from "./rest/envelope.ts";

export type RequestHandler = (req: IncomingMessage, res: ServerResponse) => void;

export interface ListenerOptions {
  readonly handler: RequestHandler;
  /** Asked first about each HTTP/2 request. */
  readonly lean: LeanUnary;
  /** A connection that sends no bytes, or no whole request, is closed after this, in milliseconds. */
  readonly silenceMs: number;
  /** An HTTP/2 connection without calls is closed after this, in milliseconds. */
  readonly idleMs: number;
}

export interface Listener {
  /** @throws what the system says, such as EADDRINUSE */
  listen(address: { readonly host: string; readonly port: number }): Promise<AddressInfo>;
  /** Accepts no more, lets requests under way end, and resolves when all connections are closed. */
  drain(): Promise<void>;
  /** Closes every connection at once. */
  destroy(): void;
}

/** What every HTTP/2 connection begins with; no HTTP/1 method does. */
const http2Preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

/**
 * One port for HTTP/1.1 and for HTTP/2 without TLS (h2c). Without TLS there is no negotiation, so the
 * first bytes of a connection say which it is.
 *
 * The HTTP/1 server is the one that listens: only so do its timeouts and its closing of idle
 * connections work. Its own listener for connections is called once the first bytes are seen.
 */
export function createListener({ handler, lean, silenceMs, idleMs }: ListenerOptions): Listener {
  const pending = new WeakMap<Socket, ServerResponse>();
  const http1 = createHttp1Server(
    { headersTimeout: silenceMs, requestTimeout: silenceMs, connectionsCheckingInterval: 1_000 },
    (req, res) => {
      // Requests that a client pipelines are handled one after another: none of them is safe.
      whenAnswered(pending, req.socket, () => handler(req, res));
      pending.set(req.socket, res);
    },
  );
  const http2 = createHttp2Server({ settings: { maxConcurrentStreams: 1_000 } }, (req, res) => {
    // Node's HTTP/2 objects have the parts of HTTP/1's that the handler uses.
    handler(req as unknown as IncomingMessage, res as unknown as ServerResponse);
  });
  const acceptStream = http2.listeners("stream") as ((...args: unknown[]) => void)[];
  http2.removeAllListeners("stream");
  http2.on("stream", (stream, headers, flags, rawHeaders) => {
    if (lean(stream, headers)) return;
    for (const accept of acceptStream) accept.call(http2, stream, headers, flags, rawHeaders);
  });
  const sockets = new Set<Socket>();
  /** Connections whose first bytes have not told their protocol. */
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
    const refuse = () => refuseUnreadable(error, socket);
    // Garbage within a body ends that request; garbage behind a whole one has to wait for its answer.
    if (pending.get(socket)?.req.complete === false) refuse();
    else whenAnswered(pending, socket, refuse);
  });

  http2.on("session", (session) => {
    sessions.add(session);
    session.once("close", () => sessions.delete(session));
    session.setTimeout(idleMs, () => session.close());
    session.on("error", () => session.destroy());
    // A caller that has closed its side can neither send calls nor make room for answers.
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
      // Connections become idle one by one, as their last answer is sent.
      const closing = setInterval(() => http1.closeIdleConnections(), 20);
      await closed;
      clearInterval(closing);
    },
    destroy() {
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** Calls back once the latest answer on the connection is sent; at once where none is under way. */
function whenAnswered(
  pending: WeakMap<Socket, ServerResponse>,
  socket: Socket,
  callback: () => void,
): void {
  const latest = pending.get(socket);
  if (latest === undefined || latest.closed) callback();
  else latest.once("close", callback);
}

/** Waits for enough bytes to tell HTTP/2 from HTTP/1, and puts them back. */
function whenProtocolKnown(
  socket: Socket,
  silenceMs: number,
  accept: (isHttp2: boolean) => void,
): void {
  const giveUp = () => socket.destroy();
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
    for (const event of ["end", "error", "timeout"]) socket.off(event, giveUp);
    socket.setTimeout(0);
    accept(isPreface);
  };
  socket.on("readable", onReadable);
  for (const event of ["end", "error", "timeout"]) socket.on(event, giveUp);
  socket.setTimeout(silenceMs);
}

/** Answers what Node cannot read as HTTP/1, and closes the connection. */
function refuseUnreadable(error: Error & { code?: string }, socket: Socket): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const refused = fault(
    error.code === "ERR_HTTP_REQUEST_TIMEOUT" ? "REQUEST_TIMEOUT" : "BAD_REQUEST",
  );
  const { http: status } = refused.row;
  const body = JSON.stringify(envelopeOf(refused));
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\n` +
      `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}
