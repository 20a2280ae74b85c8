import type { IncomingMessage, ServerResponse } from "node:http";
import type { ServerHttp2Session } from "node:http2";
import { constants, createServer } from "node:http2";
import type { Socket } from "node:net";
import { fault } from "../errors.ts";
import { continueWhenRead } from "./expect-continue.ts";
import type { GrpcTransport } from "./grpc.ts";
import type { RequestHandler } from "./request-handler.ts";

export interface Http2Options {
  /** Serves the requests that `grpc` does not serve. */
  readonly handler: RequestHandler;
  readonly grpc: GrpcTransport;
  /** Time after which a connection without calls is closed, in milliseconds. */
  readonly idleMs: number;
}

export interface Http2 {
  /** Serves a connection. */
  accept(socket: Socket): void;
  /** Asks all clients to open no more streams, and closes each connection after its last response. */
  drain(): void;
}

/** Size limit of the headers of a request, in bytes, as the specification counts them. */
const maxHeaderListSize = 16_384;
/** The largest identifier of a stream: a GOAWAY with it rejects no stream (RFC 9113, section 6.8). */
const lastStreamId = 2 ** 31 - 1;
/** How long a client may take to confirm that it opens no more streams, in milliseconds. */
const goawayMs = 500;

export function createHttp2({ handler, grpc, idleMs }: Http2Options): Http2 {
  const sessions = new Set<ServerHttp2Session>();
  let isDraining = false;

  // Node's HTTP/2 objects have all members of HTTP/1's that the handler uses.
  const serve = handler as (req: unknown, res: unknown, ...rest: unknown[]) => void;
  const server = createServer(
    { settings: { maxConcurrentStreams: 1_000, maxHeaderListSize } },
    (req, res) => serve(req, res),
  );
  const streamListeners = server.listeners("stream") as ((...args: unknown[]) => void)[];
  server.removeAllListeners("stream");
  server.on("stream", (stream, headers, flags, rawHeaders) => {
    if (grpc(stream, headers)) return;
    for (const accept of streamListeners) accept.call(server, stream, headers, flags, rawHeaders);
  });

  server.on("checkContinue", (req, res) => {
    continueWhenRead(req as unknown as IncomingMessage, res as unknown as ServerResponse);
    serve(req, res);
  });
  server.on("checkExpectation", (req, res) => serve(req, res, fault("EXPECTATION_FAILED")));

  server.on("session", (session) => {
    sessions.add(session);
    session.once("close", () => sessions.delete(session));
    session.setTimeout(idleMs, () => session.close());
    session.on("error", () => session.destroy());
    // A client that has closed its side can neither send calls nor update flow-control windows.
    session.socket.once("end", () => session.destroy());
    if (isDraining) drainSession(session);
  });

  return {
    accept: (socket) => void server.emit("connection", socket),
    drain() {
      isDraining = true;
      for (const session of sessions) drainSession(session);
    },
  };
}

/**
 * The first GOAWAY rejects no stream. Streams that the client has opened before it received that arrive
 * before its answer to the ping, so the second GOAWAY, which `close` sends, rejects none of them.
 */
function drainSession(session: ServerHttp2Session): void {
  if (session.closed || session.destroyed) return;
  session.goaway(constants.NGHTTP2_NO_ERROR, lastStreamId);
  const close = () => {
    if (!session.closed) session.close();
  };
  const timer = setTimeout(close, goawayMs);
  session.once("close", () => clearTimeout(timer));
  session.ping(close);
}
