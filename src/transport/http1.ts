import type { Server } from "node:http";
import { createServer, IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Fault } from "../errors.ts";
import { fault } from "../errors.ts";
import { continueWhenRead } from "./expect-continue.ts";
import { isHttp1, maxHeaderBytes, parseFault, requestFault } from "./http1-faults.ts";
import { withoutUpgrade } from "./http1-upgrade.ts";
import type { RejectRequest, RequestHandler } from "./request-handler.ts";
import type { Strangers } from "./strangers.ts";

export interface Http1Options {
  readonly handler: RequestHandler;
  /** Time after which a connection without a complete request is closed, in milliseconds. */
  readonly silenceMs: number;
  /** Time after a response for which the connection stays open for the next request, in milliseconds. */
  readonly keepAliveMs: number;
  /** Absent: connections without a valid call are not limited. */
  readonly strangers?: Strangers | undefined;
}

export interface Http1 {
  /** It has to listen: its timeouts and its closing of idle connections work only then. */
  readonly server: Server;
  /**
   * Serves a connection.
   *
   * @param firstBytes the bytes that were read from it; they are to be read again
   */
  accept(socket: Socket, firstBytes: Buffer): void;
  /** From now on each response closes its connection. */
  closeAfterResponses(): void;
  /** Closes the connections whose last request has its response but not all of its body. */
  closeAnswered(): void;
  /** Ends the effect of `closeAfterResponses` on requests that arrive from now on. */
  keepConnections(): void;
}

/** How long a client may take to read the last response of its connection, in milliseconds. */
const lastReadMs = 1_000;

/** The latest request of a connection. */
interface Exchange {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  reject: RejectRequest;
}

/** Serves HTTP/1.1 and HTTP/1.0. Pipelined requests are served one after another: they change data. */
export function createHttp1(options: Http1Options): Http1 {
  const { handler, silenceMs, keepAliveMs, strangers } = options;
  const latest = new WeakMap<Socket, Exchange>();
  const sockets = new Set<Socket>();
  const longLines = new WeakSet<Socket>();
  const rejected = new WeakSet<Socket>();
  let isClosing = false;

  const server = createServer({
    headersTimeout: silenceMs,
    requestTimeout: silenceMs,
    keepAliveTimeout: keepAliveMs,
    connectionsCheckingInterval: 1_000,
    maxHeaderSize: maxHeaderBytes,
    // Node's own answer has no body.
    requireHostHeader: false,
  });
  const connectionListeners = server.listeners("connection") as ((socket: Socket) => void)[];
  server.removeAllListeners("connection");

  function serve(req: IncomingMessage, res: ServerResponse, reason = requestFault(req)): void {
    const { socket } = req;
    let rejection = reason;
    const exchange: Exchange = {
      req,
      res,
      reject(later) {
        rejection ??= later;
      },
    };
    if (isClosing) res.shouldKeepAlive = false;
    whenAnswered(socket, () => {
      exchange.reject = handler(req, res, rejection);
    });
    latest.set(socket, exchange);
  }

  /** Calls back when the latest response on the connection is sent, or at once if there is none. */
  function whenAnswered(socket: Socket, callback: () => void): void {
    const res = latest.get(socket)?.res;
    if (res === undefined || res.closed) callback();
    else res.once("close", callback);
  }

  /** Closes a connection after its response, or at once if there is none to send. */
  function closeAfterResponse(socket: Socket): void {
    const res = latest.get(socket)?.res;
    if (res === undefined || res.closed) socket.destroy();
    else res.shouldKeepAlive = false;
  }

  /** Responds to bytes that are not a request, and closes the connection. */
  function rejectConnection(socket: Socket, reason: Fault): void {
    if (!socket.writable) {
      socket.destroy();
      return;
    }
    const req = new IncomingMessage(socket);
    const res = new ServerResponse(req);
    res.assignSocket(socket);
    res.shouldKeepAlive = false;
    res.once("finish", () => endConnection(socket));
    handler(req, res, reason);
  }

  server.on("request", (req, res) => serve(req, res));
  server.on("checkContinue", (req, res) => {
    continueWhenRead(req, res);
    serve(req, res);
  });
  server.on("checkExpectation", (req, res) => serve(req, res, fault("EXPECTATION_FAILED")));
  // Node's parser stops at such a request and would lose the bytes behind it.
  server.on("upgrade", (req, stream, head) => {
    const socket = stream as Socket;
    whenAnswered(socket, () => {
      socket.unshift(Buffer.concat([withoutUpgrade(req), head]));
      for (const accept of connectionListeners) accept.call(server, socket);
    });
  });
  server.on("connect", (_, stream) => {
    const socket = stream as Socket;
    whenAnswered(socket, () => rejectConnection(socket, fault("METHOD_NOT_ALLOWED")));
  });
  server.on("clientError", (error, stream) => {
    const socket = stream as Socket;
    if (rejected.has(socket)) return;
    rejected.add(socket);
    const current = latest.get(socket);
    if (current === undefined && !isHttp1(error)) {
      socket.destroy();
      return;
    }
    const reason = parseFault(error, longLines.has(socket));
    // Invalid bytes within a body end that request. Those after a complete request wait for its response.
    if (current?.req.complete !== false) {
      whenAnswered(socket, () => rejectConnection(socket, reason));
    } else if (current.res.headersSent || !socket.writable) {
      socket.destroy();
    } else {
      current.res.shouldKeepAlive = false;
      current.reject(reason);
    }
  });

  return {
    server,
    accept(socket, firstBytes) {
      sockets.add(socket);
      // Node removes its own listener when it reports "connect" or "upgrade".
      socket.on("error", () => {});
      socket.once("close", () => {
        sockets.delete(socket);
        strangers?.delete(socket);
      });
      strangers?.add(socket, { close: () => closeAfterResponse(socket) });
      if (!firstBytes.includes("\n")) longLines.add(socket);
      for (const accept of connectionListeners) accept.call(server, socket);
    },
    closeAfterResponses() {
      isClosing = true;
      for (const socket of sockets) {
        const res = latest.get(socket)?.res;
        if (res !== undefined && !res.headersSent) res.shouldKeepAlive = false;
      }
    },
    closeAnswered() {
      for (const socket of sockets) {
        const exchange = latest.get(socket);
        if (exchange?.res.closed && !exchange.req.complete) endConnection(socket);
      }
    },
    keepConnections() {
      isClosing = false;
    },
  };
}

/** Closes a connection. The client can still send for a while, because a reset could lose the response. */
function endConnection(socket: Socket): void {
  if (!socket.writable) return;
  socket.end();
  const timer = setTimeout(() => socket.destroy(), lastReadMs);
  socket.once("close", () => clearTimeout(timer));
}
