import type { StoreOptions } from "./contact-store.ts";
import { FairQueue } from "./fair-queue.ts";

export interface FairTasksOptions {
  /** Most tasks that run at once. */
  readonly maxInFlight: number;
}

/** Runs tasks of apps in turns, so that an app with many tasks does not delay the others. */
export interface FairTasks {
  /**
   * Runs a task when its turn comes.
   *
   * @throws the reason of the signal if it is aborted before the task begins
   */
  run<T>(appId: number, signal: StoreOptions["signal"], task: () => Promise<T>): Promise<T>;
}

interface PendingTask {
  readonly appId: number;
  readonly amount: 1;
  readonly signal: StoreOptions["signal"];
  readonly start: () => void;
  readonly reject: (reason: unknown) => void;
}

export function createFairTasks({ maxInFlight }: FairTasksOptions): FairTasks {
  const pending = new FairQueue<PendingTask>();
  let inFlight = 0;

  function startNext(): void {
    while (inFlight < maxInFlight) {
      const task = pending.shift();
      if (task === undefined) return;
      if (task.signal.aborted) {
        task.reject(task.signal.reason);
      } else {
        inFlight += 1;
        task.start();
      }
    }
  }

  function enter(appId: number, signal: StoreOptions["signal"]): Promise<void> {
    const { promise, resolve: start, reject } = Promise.withResolvers<void>();
    pending.push({ appId, amount: 1, signal, start, reject });
    startNext();
    return promise;
  }

  return {
    async run(appId, signal, task) {
      await enter(appId, signal);
      try {
        return await task();
      } finally {
        inFlight -= 1;
        startNext();
      }
    },
  };
}
