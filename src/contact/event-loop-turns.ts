/** Resolves in a turn of the event loop in which no other caller of the same function continues. */
export type EventLoopTurns = () => Promise<void>;

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
  return () =>
    new Promise((resolve) => {
      if (waiting.push(resolve) === 1) setImmediate(next);
    });
}
