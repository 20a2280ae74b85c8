import type { AddressInfo, Socket } from "node:net";
import { Server } from "node:net";
import { setImmediate } from "node:timers/promises";
import type { TlsAcceptor } from "../tls/acceptor.ts";
import { isTls } from "../tls/acceptor.ts";
import type { CallCounts } from "./concurrency.ts";
import type { GrpcTransport } from "./grpc.ts";
import { createHttp1 } from "./http1.ts";
import { createHttp2 } from "./http2.ts";
import { rejectPlaintext } from "./plaintext.ts";
import type { RequestHandler } from "./request-handler.ts";
import type { Strangers } from "./strangers.ts";
import { untilAllAccepted } from "./until-all-accepted.ts";

export interface ListenerOptions {
  /** Serves the requests that `grpc` does not serve. */
  readonly handler: RequestHandler;
  readonly grpc: GrpcTransport;
  /** Time after which a connection without a complete request is closed, in milliseconds. */
  readonly silenceMs: number;
  /** Time for which an HTTP/1.1 connection stays open after a response, in milliseconds. */
  readonly keepAliveMs: number;
  /** Time after which an HTTP/2 connection without calls is closed, in milliseconds. */
  readonly idleMs: number;
  /** The calls of the service: if they take too long, HTTP/2 clients may open fewer streams. Absent: always 100. */
  readonly callCounts?: (() => CallCounts) | undefined;
  /** Absent: connections without a valid call are not limited. */
  readonly strangers?: Strangers | undefined;
  /** Absent: the port serves plaintext. */
  readonly tls?: TlsAcceptor | undefined;
}

export interface Listener {
  /** @throws Error of the system, such as EADDRINUSE */
  listen(address: { readonly host: string; readonly port: number }): Promise<AddressInfo>;
  /** From now on each HTTP/1 response closes its connection. New connections are still accepted. */
  closeAfterResponses(): void;
  /**
   * Accepts no more connections, lets requests in flight end, and resolves when all connections are
   * closed.
   */
  drain(): Promise<void>;
  /** Closes all connections immediately. */
  destroy(): void;
}

/** The first bytes of every HTTP/2 connection. No HTTP/1 method begins with them. */
const http2Preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

/**
 * How long an idle HTTP/1 connection stays open while the listener drains, in milliseconds. A request
 * that a client is just sending on it would be lost.
 */
const idleGraceMs = 1_000;

/**
 * Serves HTTP/1.1 and HTTP/2 on one port. With TLS, ALPN decides between them; a client without ALPN
 * speaks HTTP/1.1. Plaintext has no negotiation, so the first bytes of a connection decide.
 */
export function createListener(options: ListenerOptions): Listener {
  const http1 = createHttp1(options);
  const http2 = createHttp2(options);
  const { server } = http1;
  const sockets = new Set<Socket>();
  /** Connections whose protocol is not known yet. */
  const undecided = new Set<Socket>();

  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    undecided.add(socket);
    socket.once("close", () => {
      sockets.delete(socket);
      undecided.delete(socket);
    });
    socket.setNoDelay(true);
    const { silenceMs, tls } = options;
    const acceptHttp1 = (connection: Socket, firstBytes: Buffer) => {
      undecided.delete(socket);
      http1.accept(connection, firstBytes);
    };
    const acceptHttp2 = (connection: Socket) => {
      undecided.delete(socket);
      http2.accept(connection);
    };
    if (tls === undefined) {
      whenKnown(socket, silenceMs, isHttp2, (yes, firstBytes) => {
        if (yes) acceptHttp2(socket);
        else acceptHttp1(socket, firstBytes);
      });
      return;
    }
    whenKnown(socket, silenceMs, isTls, (yes) => {
      if (!yes) return rejectPlaintext(socket);
      tls.accept(socket, (secured) => {
        if (secured.alpnProtocol === "h2") acceptHttp2(secured);
        else
          whenKnown(secured, silenceMs, isAny, (_, firstBytes) => acceptHttp1(secured, firstBytes));
      });
    });
  });

  return {
    listen: ({ host, port }) =>
      new Promise((resolve, reject) => {
        server.once("error", reject);
        server.listen({ host, port, backlog: 1_024 }, () => {
          server.off("error", reject);
          resolve(server.address() as AddressInfo);
        });
      }),
    closeAfterResponses: http1.closeAfterResponses,
    async drain() {
      // A client whose connection is closed opens another one, so none is closed before the server is.
      http1.keepConnections();
      await untilAllAccepted(server);
      // The method of HTTP's server would close idle connections at once.
      const closed = new Promise((resolve) => Server.prototype.close.call(server, resolve));
      http1.closeAfterResponses();
      http2.drain();
      const closeFrom = performance.now() + idleGraceMs;
      // Connections become idle one by one, as their last responses are sent. A connection is idle only if
      // what it has received is read, which is so in an immediate.
      const closing = setInterval(async () => {
        if (performance.now() < closeFrom) return;
        await setImmediate();
        server.closeIdleConnections();
        http1.closeAnswered();
        for (const socket of undecided) socket.destroy();
      }, 20);
      await closed;
      clearInterval(closing);
    },
    destroy() {
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** Whether a connection begins with the preface of HTTP/2; undefined while that is not certain. */
function isHttp2(bytes: Buffer): boolean | undefined {
  const seen = Math.min(bytes.length, http2Preface.length);
  const isPreface = bytes.subarray(0, seen).equals(http2Preface.subarray(0, seen));
  return isPreface && seen < http2Preface.length ? undefined : isPreface;
}

function isAny(): boolean {
  return true;
}

/** Waits until the first bytes of a connection answer a question, and puts them back. */
function whenKnown(
  socket: Socket,
  silenceMs: number,
  ask: (bytes: Buffer) => boolean | undefined,
  accept: (answer: boolean, firstBytes: Buffer) => void,
): void {
  const onGone = () => socket.destroy();
  let bytes: Buffer = Buffer.alloc(0);
  const onReadable = () => {
    const more: Buffer | null = socket.read();
    if (more === null) return;
    bytes = Buffer.concat([bytes, more]);
    const answer = ask(bytes);
    if (answer === undefined) return;
    socket.unshift(bytes);
    socket.off("readable", onReadable);
    for (const event of ["end", "error", "timeout"]) socket.off(event, onGone);
    socket.setTimeout(0);
    accept(answer, bytes);
  };
  socket.on("readable", onReadable);
  for (const event of ["end", "error", "timeout"]) socket.on(event, onGone);
  socket.setTimeout(silenceMs);
}
