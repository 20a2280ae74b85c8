import { fault } from "../errors.ts";

export interface OwnerQueueOptions {
  /** Most tasks that run at once. */
  readonly maxInFlight: number;
  /** Most weight of the tasks that wait. Tasks beyond this limit are rejected. */
  readonly maxPending: number;
}

/** Runs tasks in the order of their arrival, and those of one owner one after another. */
export interface OwnerQueue {
  /**
   * Waits for its turn. The caller must call the function that it returns when its task has ended.
   *
   * @param owner the `ownerKey` of the owner
   * @throws Fault OVERLOADED
   */
  enter(owner: string, weight: number): Promise<() => void>;
}

interface PendingTask {
  readonly owner: string;
  readonly weight: number;
  readonly start: (leave: () => void) => void;
}

export function createOwnerQueue({ maxInFlight, maxPending }: OwnerQueueOptions): OwnerQueue {
  let pending: PendingTask[] = [];
  let pendingWeight = 0;
  const owners = new Set<string>();

  function startNext(): void {
    while (owners.size < maxInFlight) {
      const task = pending.find(({ owner }) => !owners.has(owner));
      if (task === undefined) return;
      const { owner, weight, start } = task;
      pending = pending.filter((other) => other !== task);
      pendingWeight -= weight;
      owners.add(owner);
      start(() => {
        owners.delete(owner);
        startNext();
      });
    }
  }

  return {
    async enter(owner, weight) {
      if (pendingWeight > 0 && pendingWeight + weight > maxPending) throw fault("OVERLOADED");
      const { promise, resolve } = Promise.withResolvers<() => void>();
      pending.push({ owner, weight, start: resolve });
      pendingWeight += weight;
      startNext();
      return promise;
    },
  };
}
