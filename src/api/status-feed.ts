/** A status that many callers watch, and that is polled once for all of them. */
export interface StatusFeed<T> {
  /** The status of the latest poll, or of a new one if nobody watches. */
  now(): Promise<T>;
  /**
   * Calls the listener after each change of the status.
   *
   * @returns a function that ends this
   */
  watch(listener: () => void): () => void;
}

export interface StatusFeedOptions<T> {
  readonly poll: () => Promise<T>;
  /** Time between two polls while someone watches, in milliseconds. */
  readonly intervalMs: number;
}

export function createStatusFeed<T>({ poll, intervalMs }: StatusFeedOptions<T>): StatusFeed<T> {
  const listeners = new Set<() => void>();
  let timer: NodeJS.Timeout | undefined;
  let latest: Promise<T> | undefined;

  async function update(): Promise<void> {
    const before = await latest;
    const next = poll();
    const after = await next;
    if (timer === undefined) return;
    latest = next;
    if (before !== undefined && after !== before) for (const listener of [...listeners]) listener();
  }

  return {
    now: () => latest ?? poll(),
    watch(listener) {
      listeners.add(listener);
      if (timer === undefined) {
        latest = poll();
        timer = setInterval(update, intervalMs).unref();
      }
      return () => {
        listeners.delete(listener);
        if (listeners.size > 0) return;
        clearInterval(timer);
        timer = undefined;
        latest = undefined;
      };
    },
  };
}
