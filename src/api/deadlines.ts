import type { Call } from "./call.ts";

/** Cancels calls when their deadline is exceeded. */
export interface Deadlines {
  /** Called when a call has begun, and is one of those in flight. */
  watch(call: Call): void;
}

/**
 * One timer for all calls: it waits for the first deadline. Nearly all calls end long before theirs, and a
 * timer for each would cost more than to look at all of them from time to time.
 */
export function createDeadlines(inFlight: Iterable<Call>): Deadlines {
  let timer: NodeJS.Timeout | undefined;
  let wakesAt = Infinity;

  function wakeAt(deadline: number, now: number): void {
    clearTimeout(timer);
    wakesAt = deadline;
    timer = deadline === Infinity ? undefined : setTimeout(wake, Math.ceil(deadline - now)).unref();
  }

  function wake(): void {
    const now = performance.now();
    let next = Infinity;
    // Calls that end while they are cancelled change the order of the others.
    for (const call of [...inFlight]) {
      if (call.deadline <= now) call.expire();
      else next = Math.min(next, call.deadline);
    }
    wakeAt(next, now);
  }

  return {
    watch({ deadline, startedAt }) {
      if (deadline < wakesAt) wakeAt(deadline, startedAt);
    },
  };
}
