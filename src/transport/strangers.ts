/** What can be done with a connection on which no valid call has ended yet. */
export interface Stranger {
  /** Closes the connection. Called at most once. */
  close(): void;
  /** Called when the first valid call on the connection has ended. */
  recognize?(): void;
}

/** Limits the number and the age of the connections whose callers have not shown a valid Server-Key. */
export interface Strangers {
  /** Time after which a connection without calls is closed, in milliseconds. */
  readonly idleMs: number;
  /** Counts a connection until it is recognized or deleted. */
  add(connection: object, stranger: Stranger): void;
  /** A call with a valid key has ended on the connection. */
  recognize(connection: object | undefined): void;
  /** The connection is closed. */
  delete(connection: object): void;
  stop(): void;
}

export interface StrangersOptions {
  /** The oldest one is closed if there are more. */
  readonly maxConnections: number;
  readonly maxAgeMs: number;
  readonly idleMs: number;
}

/** How often the age of connections is checked, in milliseconds. */
const checkMs = 1_000;

export function createStrangers(options: StrangersOptions): Strangers {
  const { maxConnections, maxAgeMs, idleMs } = options;
  /** In the order of their age. */
  const strangers = new Map<object, Stranger & { readonly since: number }>();

  function close(connection: object, stranger: Stranger): void {
    strangers.delete(connection);
    stranger.close();
  }

  const timer = setInterval(() => {
    const oldest = performance.now() - maxAgeMs;
    for (const [connection, stranger] of strangers) {
      if (stranger.since > oldest) return;
      close(connection, stranger);
    }
  }, checkMs).unref();

  return {
    idleMs,
    add(connection, stranger) {
      strangers.set(connection, { ...stranger, since: performance.now() });
      if (strangers.size <= maxConnections) return;
      const [first] = strangers;
      if (first !== undefined) close(...first);
    },
    recognize(connection) {
      const stranger = connection && strangers.get(connection);
      if (connection === undefined || stranger === undefined) return;
      strangers.delete(connection);
      stranger.recognize?.();
    },
    delete: (connection) => void strangers.delete(connection),
    stop: () => clearInterval(timer),
  };
}
