/** Limits how many tasks run at once. The others wait in the order of their arrival. */
export interface Semaphore {
  /** Waits for a permit. The caller must return it with `release`. */
  acquire(): Promise<void>;
  release(): void;
}

/** Creates a semaphore with `count` permits. */
export function createSemaphore(count: number): Semaphore {
  let free = count;
  const pending: (() => void)[] = [];
  return {
    acquire() {
      if (free === 0) return new Promise((resolve) => pending.push(resolve));
      free -= 1;
      return Promise.resolve();
    },
    release() {
      const next = pending.shift();
      if (next === undefined) free += 1;
      else next();
    },
  };
}
