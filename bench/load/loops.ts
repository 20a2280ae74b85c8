import type { Connection } from "./connection.ts";

/** Decides when calls start. */
export interface Loop {
  begin(): void;
  /** Called after an answer on this connection. */
  next(connection: Connection): void;
}

export interface LoopOptions {
  readonly connections: readonly Connection[];
  /** No call starts after this time, in milliseconds of `performance.now()`. */
  readonly endAt: number;
  readonly start: (connection: Connection, at: number) => void;
}

/** Each answer starts the next call, on the same connection. */
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
 * Calls start at random times with a given average rate (a Poisson process, like many independent
 * callers). If no connection can take a call, it waits. Its latency counts from the time when it was due.
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
