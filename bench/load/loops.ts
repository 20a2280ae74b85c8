import type { CallTimes, Connection } from "./connection.ts";

/** Decides when calls start. */
export interface Loop {
  begin(): void;
  /** Called after an answer on this connection. */
  next(connection: Connection): void;
  /** Open loop: counts the calls that were due before a time, and those of them that were not started. */
  countDue(before: number): DueCalls;
}

export interface DueCalls {
  readonly due: number;
  readonly notStarted: number;
}

export interface LoopOptions {
  readonly connections: readonly Connection[];
  /** No call is due after this time, in milliseconds of `performance.now()`. */
  readonly endAt: number;
  readonly start: (connection: Connection, times: CallTimes) => void;
}

/**
 * Each answer starts the next call, on the same connection. A call for which a connection has no room starts
 * after another answer on it.
 */
export function createClosedLoop(
  options: LoopOptions & {
    readonly inFlight: number;
    /** In milliseconds, like `endAt`. */
    readonly now?: () => number;
  },
): Loop {
  const { connections, endAt, start, inFlight, now = () => performance.now() } = options;
  /** When the calls were due that have found no room. */
  const waiting = new Map(connections.map((connection) => [connection, [] as number[]]));

  function add(connection: Connection): void {
    const sentAt = now();
    if (sentAt >= endAt) return;
    const due = waiting.get(connection) as number[];
    due.push(sentAt);
    while (due.length > 0 && connection.hasRoom()) {
      start(connection, { dueAt: due.shift() as number, sentAt });
    }
  }

  return {
    begin() {
      for (let n = 0; n < inFlight; n++) add(connections[n % connections.length] as Connection);
      for (const connection of connections) connection.flush();
    },
    next: add,
    countDue: () => ({ due: 0, notStarted: 0 }),
  };
}

/**
 * Calls start at random times with a given average rate (a Poisson process, like many independent
 * callers). If no connection can take a call, it waits. Its latency counts from the time when it was due.
 */
export function createOpenLoop(
  options: LoopOptions & {
    readonly rate: number;
    /** Calls that still wait when the time is over never start. */
    readonly dropsLateCalls: boolean;
    /** In milliseconds, like `endAt`. */
    readonly now?: () => number;
  },
): Loop {
  const {
    connections,
    endAt,
    start,
    rate,
    dropsLateCalls,
    now = () => performance.now(),
  } = options;
  /** When the next call to start is due. */
  let dueAt = 0;
  let started = 0;
  let turn = 0;

  const drawGap = () => (-Math.log(1 - Math.random()) / rate) * 1_000;

  function startDue(): void {
    const sentAt = now();
    if (dropsLateCalls && sentAt >= endAt) return;
    while (dueAt <= sentAt && dueAt < endAt) {
      const connection = withRoom();
      if (connection === undefined) break;
      start(connection, { dueAt, sentAt });
      started += 1;
      dueAt += drawGap();
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
    const time = now();
    if (dueAt < endAt && !(dropsLateCalls && time >= endAt))
      setTimeout(tick, Math.max(0, dueAt - time));
  }

  return {
    begin() {
      dueAt = now();
      tick();
    },
    next() {
      if (dueAt <= now()) startDue();
    },
    countDue(before) {
      let notStarted = 0;
      for (let at = dueAt; at < Math.min(before, endAt); at += drawGap()) notStarted += 1;
      return { due: started + notStarted, notStarted };
    },
  };
}
