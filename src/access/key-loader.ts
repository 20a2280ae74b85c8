import type { KeyFinder, KeyRecord } from "./key-store.ts";

/** The maximum number of ids in one query. */
const maxBatch = 1000;

export interface KeyLoaderOptions {
  readonly keys: KeyFinder;
  /** The minimum time from the start of one query to the start of the next, in milliseconds. */
  readonly minIntervalMs: number;
}

/**
 * Looks up keys with one query at a time. Look-ups that arrive while a query is in flight share the next
 * query. The number of queries therefore stays small, even with many requests with unknown keys.
 */
export type KeyLoader = (id: string) => Promise<KeyRecord | undefined>;

interface PendingLookup {
  readonly promise: Promise<KeyRecord | undefined>;
  readonly resolve: (record: KeyRecord | undefined) => void;
  readonly reject: (reason: unknown) => void;
}

export function createKeyLoader({ keys, minIntervalMs }: KeyLoaderOptions): KeyLoader {
  const pending = new Map<string, PendingLookup>();
  let running = false;
  let lastStart = Number.NEGATIVE_INFINITY;

  async function run(): Promise<void> {
    running = true;
    while (pending.size > 0) {
      const pause = lastStart + minIntervalMs - performance.now();
      if (pause > 0) await new Promise((resolve) => setTimeout(resolve, pause));
      lastStart = performance.now();
      await loadBatch(new Map([...pending].slice(0, maxBatch)));
    }
    running = false;
  }

  async function loadBatch(batch: ReadonlyMap<string, PendingLookup>): Promise<void> {
    for (const id of batch.keys()) pending.delete(id);
    try {
      const found = await keys.findKeys([...batch.keys()]);
      const records = new Map(found.map((record) => [record.id, record]));
      for (const [id, { resolve }] of batch) resolve(records.get(id));
    } catch (error) {
      for (const { reject } of batch.values()) reject(error);
    }
  }

  return (id) => {
    const known = pending.get(id);
    if (known !== undefined) return known.promise;
    const entry = Promise.withResolvers<KeyRecord | undefined>();
    pending.set(id, entry);
    if (!running) void run();
    return entry.promise;
  };
}
