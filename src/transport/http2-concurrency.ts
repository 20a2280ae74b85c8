import type { ServerHttp2Session, ServerHttp2Stream } from "node:http2";
import type { CallCounts } from "./concurrency.ts";
import { createConcurrency } from "./concurrency.ts";

/** Limits the streams of HTTP/2 connections, so that clients hold calls back that the service cannot do soon. */
export interface Http2Concurrency {
  add(session: ServerHttp2Session): ConnectionStreams;
}

/** The streams of a connection. */
export interface ConnectionStreams {
  /** The client has opened a stream. */
  add(stream: ServerHttp2Stream): void;
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

/**
 * Node refuses each stream above a lowered limit at once, also those that a client has opened before it knows
 * the limit. Not all clients retry these. So the limit of a connection is lowered only while it has all the
 * streams that it may have: then its client can open none before it knows.
 */
export function createHttp2Concurrency(counts: () => CallCounts): Http2Concurrency {
  const concurrency = createConcurrency(limits);
  const connections = new Set<Connection>();
  let limit = maxConcurrentStreams;
  let timer: NodeJS.Timeout | undefined;

  function adjust(): void {
    const busy = [...connections].filter(({ open }) => open > 0);
    limit = concurrency(counts(), busy.length);
    for (const connection of connections) connection.adjust(limit);
  }

  return {
    add(session) {
      const connection = new Connection(session);
      connections.add(connection);
      session.once("close", () => {
        connections.delete(connection);
        if (connections.size > 0) return;
        clearInterval(timer);
        timer = undefined;
      });
      timer ??= setInterval(adjust, intervalMs).unref();
      return {
        add(stream) {
          connection.add(stream);
          connection.adjust(limit);
        },
      };
    },
  };
}

class Connection {
  open = 0;
  readonly #session: ServerHttp2Session;
  #maxStreams = maxConcurrentStreams;
  readonly #onClose = () => {
    this.open -= 1;
  };

  constructor(session: ServerHttp2Session) {
    this.#session = session;
  }

  add(stream: ServerHttp2Stream): void {
    this.open += 1;
    stream.once("close", this.#onClose);
  }

  adjust(limit: number): void {
    const session = this.#session;
    if (limit === this.#maxStreams || (limit < this.#maxStreams && this.open < this.#maxStreams))
      return;
    if (session.destroyed || session.closed || session.pendingSettingsAck) return;
    session.settings({ maxConcurrentStreams: limit });
    this.#maxStreams = limit;
  }
}
