export interface TurnOptions {
  /** Whether to continue before all callers that wait now. */
  readonly isFirst?: boolean;
}

/** Resolves in a turn of the event loop in which no other caller of the same function continues. */
export type EventLoopTurns = (options?: TurnOptions) => Promise<void>;

/**
 * Lets long work run in turns of the event loop of its own, so that connections and timers are served
 * between two such pieces of work. Each call resolves in another turn, in the order of the calls.
 */
export function createEventLoopTurns(): EventLoopTurns {
  const waiting: (() => void)[] = [];
  const next = () => {
    waiting.shift()?.();
    if (waiting.length > 0) setImmediate(next);
  };
  return ({ isFirst = false } = {}) =>
    new Promise((resolve) => {
      if (isFirst) waiting.unshift(resolve);
      else waiting.push(resolve);
      if (waiting.length === 1) setImmediate(next);
    });
}
