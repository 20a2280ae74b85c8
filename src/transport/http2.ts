import type { IncomingMessage, ServerResponse } from "node:http";
import type {
  Http2ServerRequest,
  Http2ServerResponse,
  ServerHttp2Session,
  ServerHttp2Stream,
} from "node:http2";
import { createServer } from "node:http2";
import type { Socket } from "node:net";
import type { Fault } from "../errors.ts";
import { fault } from "../errors.ts";
import type { CallCounts } from "./concurrency.ts";
import { continueWhenRead } from "./expect-continue.ts";
import type { GrpcTransport } from "./grpc.ts";
import type { ConnectionStreams } from "./http2-concurrency.ts";
import { createHttp2Concurrency, maxConcurrentStreams } from "./http2-concurrency.ts";
import { drainSession } from "./http2-drain.ts";
import { findHeadersFault, nodeHeaderLimits } from "./http2-headers.ts";
import type { RequestHandler } from "./request-handler.ts";
import type { Strangers } from "./strangers.ts";

export interface Http2Options {
  /** Serves the requests that `grpc` does not serve. */
  readonly handler: RequestHandler;
  readonly grpc: GrpcTransport;
  /** Time after which a connection without calls is closed, in milliseconds. */
  readonly idleMs: number;
  /** Absent: the number of streams does not depend on the load. */
  readonly callCounts?: (() => CallCounts) | undefined;
  /** Absent: connections without a valid call are not limited. */
  readonly strangers?: Strangers | undefined;
}

export interface Http2 {
  /** Serves a connection. */
  accept(socket: Socket): void;
  /** Asks all clients to open no more streams, and closes each connection after its last response. */
  drain(): void;
}

interface Connection {
  readonly socket: Socket;
  readonly streams: ConnectionStreams | undefined;
}

/** How long the streams of a stranger may continue when its connection is closed, in milliseconds. */
const strangerStreamsMs = 10_000;

export function createHttp2(options: Http2Options): Http2 {
  const { handler, grpc, idleMs, callCounts, strangers } = options;
  const concurrency = callCounts && createHttp2Concurrency(callCounts);
  const sessions = new Map<ServerHttp2Session, Connection>();
  /** The faults of requests that the handler has not answered yet. */
  const headersFaults = new WeakMap<ServerHttp2Stream, Fault>();
  let isDraining = false;

  // Node's HTTP/2 objects have all members of HTTP/1's that the handler uses.
  const handle = handler as (req: unknown, res: unknown, rejection?: Fault) => void;
  const serve = (req: Http2ServerRequest, res: Http2ServerResponse, rejection?: Fault) =>
    handle(req, res, headersFaults.get(req.stream) ?? rejection);
  const { maxHeaderListSize, maxHeaderListPairs } = nodeHeaderLimits;
  const server = createServer(
    { settings: { maxConcurrentStreams, maxHeaderListSize }, maxHeaderListPairs },
    (req, res) => serve(req, res),
  );
  const streamListeners = server.listeners("stream") as ((...args: unknown[]) => void)[];
  server.removeAllListeners("stream");
  server.on("stream", (stream, headers, flags, rawHeaders) => {
    const connection = sessions.get(stream.session as ServerHttp2Session);
    connection?.streams?.add(stream);
    const headersFault = findHeadersFault(headers, rawHeaders);
    if (headersFault !== undefined) headersFaults.set(stream, headersFault);
    else if (grpc(stream, headers, connection?.socket.remoteAddress)) return;
    for (const accept of streamListeners) accept.call(server, stream, headers, flags, rawHeaders);
  });

  server.on("checkContinue", (req, res) => {
    continueWhenRead(req as unknown as IncomingMessage, res as unknown as ServerResponse);
    serve(req, res);
  });
  server.on("checkExpectation", (req, res) => serve(req, res, fault("EXPECTATION_FAILED")));

  function serveSession(session: ServerHttp2Session, socket: Socket): void {
    sessions.set(session, { socket, streams: concurrency?.add(session) });
    session.once("close", () => {
      sessions.delete(session);
      strangers?.delete(session);
    });
    session.setTimeout(strangers?.idleMs ?? idleMs, () => drainSession(session, socket));
    strangers?.add(session, {
      close() {
        drainSession(session, socket);
        const timer = setTimeout(() => session.destroy(), strangerStreamsMs).unref();
        session.once("close", () => clearTimeout(timer));
      },
      recognize: () => session.setTimeout(idleMs),
    });
    session.on("error", () => session.destroy());
    // A client that has closed its side can neither send calls nor update flow-control windows.
    session.socket.once("end", () => session.destroy());
    if (isDraining) drainSession(session, socket);
  }

  return {
    accept(socket) {
      const onSession = (session: ServerHttp2Session) => serveSession(session, socket);
      server.once("session", onSession);
      server.emit("connection", socket);
      server.off("session", onSession);
    },
    drain() {
      isDraining = true;
      for (const [session, { socket }] of sessions) drainSession(session, socket);
    },
  };
}
