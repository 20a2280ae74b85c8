import type { StoreOptions } from "../contact/contact-store.ts";

/**
 * Runs a read, or joins one with the same key that has not begun yet. A read that has begun is not joined:
 * it may not see what was committed before the call.
 */
export type ShareRead<T> = (
  key: string,
  call: StoreOptions,
  read: (shared: StoreOptions) => Promise<T>,
) => Promise<T>;

/** A read that begins when the one before it with the same key has ended. */
interface Upcoming<T> {
  readonly callers: StoreOptions[];
  readonly result: Promise<T>;
}

/** Lets at most one read of each key run, so that many calls for one long list cost two reads of it. */
export function createSharedReads<T>(): ShareRead<T> {
  const running = new Map<string, Promise<unknown>>();
  const upcoming = new Map<string, Upcoming<T>>();

  function start(key: string, callers: StoreOptions[], read: Parameters<ShareRead<T>>[2]) {
    const result = read(optionsOf(callers));
    const ended = result.then(
      () => {},
      () => {},
    );
    running.set(key, ended);
    void ended.then(() => {
      if (running.get(key) === ended) running.delete(key);
    });
    return result;
  }

  return (key, call, read) => {
    const before = running.get(key);
    if (before === undefined) return start(key, [call], read);
    const next = upcoming.get(key);
    if (next !== undefined) {
      next.callers.push(call);
      return next.result;
    }
    const callers = [call];
    const result = before.then(() => {
      upcoming.delete(key);
      return start(key, callers, read);
    });
    upcoming.set(key, { callers, result });
    return result;
  };
}

/** The options of a read for several calls: it is cancelled if all are, and has the longest time of them. */
function optionsOf(callers: readonly StoreOptions[]): StoreOptions {
  const [first] = callers as [StoreOptions];
  if (callers.length === 1) return first;
  const isCancelled = () => callers.every(({ signal }) => signal.aborted);
  return {
    signal: {
      get aborted() {
        return isCancelled();
      },
      get reason() {
        return first.signal.reason;
      },
      throwIfAborted() {
        if (isCancelled()) first.signal.throwIfAborted();
      },
    },
    timeLeftMs: () => Math.max(...callers.map(({ timeLeftMs }) => timeLeftMs?.() ?? Infinity)),
  };
}
