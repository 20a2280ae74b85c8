import { FairLanes } from "./fair-lanes.ts";
import { FairShares } from "./fair-shares.ts";
import { ownerKey } from "./pair-map.ts";

export interface OwnerQueueOptions {
  /** Most tasks that run at once. */
  readonly maxInFlight: number;
}

/** A task that changes the list of one owner. */
export interface OwnerTask {
  readonly appId: number;
  readonly ownerId: string;
  /** How much the task counts for the share of its app. */
  readonly amount: number;
}

/** Runs the tasks of apps in turns, and those of one owner one after another. */
export interface OwnerQueue {
  /** Waits for its turn. The caller must call the function that it returns when its task has ended. */
  enter(task: OwnerTask): Promise<() => void>;
}

interface PendingTask extends OwnerTask {
  readonly owner: string;
  readonly start: (leave: () => void) => void;
}

export function createOwnerQueue({ maxInFlight }: OwnerQueueOptions): OwnerQueue {
  const shares = new FairShares();
  let pending: PendingTask[] = [];
  const owners = new Set<string>();

  /** The first task, in the order of the shares, whose owner has no task that runs. */
  function findNext(): PendingTask | undefined {
    const lanes = new FairLanes<PendingTask>((appId) => shares.positionOf(appId));
    for (const task of pending) lanes.push(task);
    let task = lanes.shift();
    while (task !== undefined && owners.has(task.owner)) task = lanes.shift();
    return task;
  }

  function startNext(): void {
    while (owners.size < maxInFlight) {
      const task = findNext();
      if (task === undefined) return;
      const { owner, start } = task;
      pending = pending.filter((other) => other !== task);
      shares.note(task.appId, task.amount);
      owners.add(owner);
      start(() => {
        owners.delete(owner);
        startNext();
      });
    }
  }

  return {
    enter(task) {
      const { promise, resolve: start } = Promise.withResolvers<() => void>();
      pending.push({ ...task, owner: ownerKey(task.appId, task.ownerId), start });
      startNext();
      return promise;
    },
  };
}
