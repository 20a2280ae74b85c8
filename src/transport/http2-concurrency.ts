import type { ServerHttp2Session } from "node:http2";
import type { CallCounts } from "./concurrency.ts";
import { createConcurrency } from "./concurrency.ts";

/** The number of streams that a connection may have. */
export interface ConnectionConcurrency {
  /** A client has opened a stream. */
  note(): void;
}

/** Limits the streams of HTTP/2 connections, so that clients hold calls back that the service cannot do soon. */
export interface Http2Concurrency {
  add(session: ServerHttp2Session): ConnectionConcurrency;
}

/** Most streams of a connection at once. New connections have it. */
export const maxConcurrentStreams = 100;

const limits = {
  leastCalls: 256,
  maxDelayMs: 50,
  perConnection: { least: 4, most: maxConcurrentStreams },
};
/** How often the limit is computed, in milliseconds. */
const intervalMs = 100;
/** A connection is busy for so many intervals after its latest new stream. */
const busyIntervals = 10;

interface Connection extends ConnectionConcurrency {
  readonly session: ServerHttp2Session;
  maxStreams: number;
  busyFor: number;
}

export function createHttp2Concurrency(counts: () => CallCounts): Http2Concurrency {
  const concurrency = createConcurrency(limits);
  const connections = new Set<Connection>();
  let timer: NodeJS.Timeout | undefined;

  function adjust(): void {
    const busy = [...connections].filter(({ busyFor }) => busyFor > 0);
    const limit = concurrency(counts(), busy.length);
    for (const connection of busy) connection.busyFor -= 1;
    const lower = busy.filter(({ maxStreams }) => maxStreams > limit);
    const higher = [...connections].filter(({ maxStreams }) => maxStreams < limit);
    for (const connection of [...lower, ...higher]) allow(connection, limit);
  }

  return {
    add(session) {
      const connection: Connection = {
        session,
        maxStreams: maxConcurrentStreams,
        busyFor: 0,
        note() {
          connection.busyFor = busyIntervals;
        },
      };
      connections.add(connection);
      session.once("close", () => {
        connections.delete(connection);
        if (connections.size > 0) return;
        clearInterval(timer);
        timer = undefined;
      });
      // In an immediate, everything that has arrived is read. A stream that arrives after the limit is lowered,
      // and that the client has opened before, is refused with REFUSED_STREAM.
      timer ??= setInterval(() => setImmediate(adjust), intervalMs).unref();
      return connection;
    },
  };
}

function allow(connection: Connection, maxStreams: number): void {
  const { session } = connection;
  if (session.destroyed || session.closed || session.pendingSettingsAck) return;
  session.settings({ maxConcurrentStreams: maxStreams });
  connection.maxStreams = maxStreams;
}
