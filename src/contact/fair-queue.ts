import { fault } from "../errors.ts";
import type { StoreOptions } from "./contact-store.ts";

export interface FairQueueOptions {
  /** Most tasks that run at once. */
  readonly maxInFlight: number;
  /** Most tasks of one app that wait. Tasks beyond this limit are rejected. */
  readonly maxPending: number;
}

/** Runs tasks of apps in turns, so that an app with many tasks does not delay the others. */
export interface FairQueue {
  /**
   * Runs a task when its turn comes.
   *
   * @throws Fault OVERLOADED; the reason of the signal if it is aborted before the task begins
   */
  run<T>(appId: number, signal: StoreOptions["signal"], task: () => Promise<T>): Promise<T>;
}

interface PendingTask {
  readonly signal: StoreOptions["signal"];
  readonly start: () => void;
  readonly reject: (reason: unknown) => void;
}

export function createFairQueue({ maxInFlight, maxPending }: FairQueueOptions): FairQueue {
  /** The tasks that wait, by app. The app whose turn is next comes first. */
  const pending = new Map<number, PendingTask[]>();
  let inFlight = 0;

  function startNext(): void {
    while (inFlight < maxInFlight) {
      const next = pending.entries().next().value;
      if (next === undefined) return;
      const [appId, tasks] = next;
      const task = tasks.shift() as PendingTask;
      pending.delete(appId);
      if (tasks.length > 0) pending.set(appId, tasks);
      if (task.signal.aborted) {
        task.reject(task.signal.reason);
      } else {
        inFlight += 1;
        task.start();
      }
    }
  }

  function enter(appId: number, signal: StoreOptions["signal"]): Promise<void> {
    const tasks = pending.get(appId) ?? [];
    if (tasks.length >= maxPending) return Promise.reject(fault("OVERLOADED"));
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    tasks.push({ signal, start: resolve, reject });
    pending.set(appId, tasks);
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
