export interface Semaphore {
  /** Resolves when there is room, in the order of the calls. */
  acquire(): Promise<void>;
  release(): void;
}

/** Lets `count` holders in at once; the others wait in the order they came. */
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
