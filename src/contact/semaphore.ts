/** Lets a number of holders in at once; the others wait in the order they came. */
export interface Semaphore {
  /** Waits for a place; each has to be given back by `release`. */
  acquire(): Promise<void>;
  release(): void;
}

/** A semaphore with `count` places. */
export function createSemaphore(count: number): Semaphore {
  let free = count;
  const waiting: (() => void)[] = [];
  return {
    acquire() {
      if (free === 0) return new Promise((resolve) => waiting.push(resolve));
      free -= 1;
      return Promise.resolve();
    },
    release() {
      const next = waiting.shift();
      if (next === undefined) free += 1;
      else next();
    },
  };
}
