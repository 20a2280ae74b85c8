export interface TurnOptions {
  /** Whether to continue before the callers that are not urgent, and without a pause. */
  readonly isUrgent?: boolean;
}

/** Resolves in a turn of the event loop in which no other caller of the same function continues. */
export type EventLoopTurns = (options?: TurnOptions) => Promise<void>;

/**
 * Lets long work run in turns of the event loop of its own, so that connections and timers are served
 * between two such pieces of work. Each call resolves in another turn, in the order of the calls. After a turn
 * there is a pause that is as long: a short call needs several turns, and would wait for long work in each.
 */
export function createEventLoopTurns(): EventLoopTurns {
  const urgent: (() => void)[] = [];
  const others: (() => void)[] = [];
  let isTaken = false;
  let pausedUntil = 0;
  let pause: NodeJS.Timeout | undefined;

  function schedule(): void {
    if (isTaken || urgent.length + others.length === 0) return;
    const pauseMs = urgent.length > 0 ? 0 : pausedUntil - performance.now();
    clearTimeout(pause);
    if (pauseMs > 0) {
      pause = setTimeout(schedule, Math.ceil(pauseMs));
    } else {
      isTaken = true;
      setImmediate(take);
    }
  }

  function take(): void {
    const startedAt = performance.now();
    const next = urgent.shift() ?? others.shift();
    next?.();
    // The work runs when this function has returned, and before the next immediate.
    setImmediate(() => {
      const endedAt = performance.now();
      pausedUntil = Math.max(pausedUntil, endedAt + (endedAt - startedAt));
      isTaken = false;
      schedule();
    });
  }

  return ({ isUrgent = false } = {}) =>
    new Promise((resolve) => {
      (isUrgent ? urgent : others).push(resolve);
      schedule();
    });
}
