import type { Connection } from "./connection.ts";

/** What begins calls during a run. */
export interface Loop {
  begin(): void;
  /** After an answer on this connection. */
  next(connection: Connection): void;
}

export interface LoopOptions {
  readonly connections: readonly Connection[];
  /** No call begins, or is planned to begin, from here on; in milliseconds of `performance.now()`. */
  readonly endAt: number;
  readonly start: (connection: Connection, at: number) => void;
}

/** Each answer is followed by the next call, on the same connection. */
export function createClosedLoop(options: LoopOptions & { readonly inFlight: number }): Loop {
  const { connections, endAt, start, inFlight } = options;
  return {
    begin() {
      for (let n = 0; n < inFlight; n++) {
        start(connections[n % connections.length] as Connection, performance.now());
      }
      for (const connection of connections) connection.flush();
    },
    next(connection) {
      const now = performance.now();
      if (now < endAt) start(connection, now);
    },
  };
}

/**
 * Calls begin at random times, so many a second on average (a Poisson process, as of many independent
 * callers), and count from the time they were due. Where no connection has room they wait.
 */
export function createOpenLoop(options: LoopOptions & { readonly rate: number }): Loop {
  const { connections, endAt, start, rate } = options;
  let dueAt = 0;
  let turn = 0;

  function startDue(): void {
    const now = performance.now();
    while (dueAt <= now && dueAt < endAt) {
      const connection = withRoom();
      if (connection === undefined) break;
      start(connection, dueAt);
      dueAt -= (Math.log(1 - Math.random()) / rate) * 1_000;
    }
    for (const connection of connections) connection.flush();
  }

  function withRoom(): Connection | undefined {
    for (let n = 0; n < connections.length; n++) {
      turn = (turn + 1) % connections.length;
      const connection = connections[turn];
      if (connection?.hasRoom()) return connection;
    }
    return undefined;
  }

  function tick(): void {
    startDue();
    if (dueAt < endAt) setTimeout(tick, dueAt - performance.now());
  }

  return {
    begin() {
      dueAt = performance.now();
      tick();
    },
    next() {
      if (dueAt <= performance.now()) startDue();
    },
  };
}
