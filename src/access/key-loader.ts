import type { KeyFinder, KeyRecord } from "./key-store.ts";

/** Ids asked for in one query. */
const maxBatch = 1000;

export interface KeyLoaderOptions {
  readonly keys: KeyFinder;
  /** Least time from the start of one query to the start of the next, in milliseconds. */
  readonly minIntervalMs: number;
}

/**
 * Looks up keys with one query at a time: whoever asks while one is under way shares the next. However
 * many requests come with unknown keys, the database sees few queries.
 */
export type KeyLoader = (id: string) => Promise<KeyRecord | undefined>;

interface Waiting {
  readonly promise: Promise<KeyRecord | undefined>;
  readonly resolve: (record: KeyRecord | undefined) => void;
  readonly reject: (reason: unknown) => void;
}

export function createKeyLoader({ keys, minIntervalMs }: KeyLoaderOptions): KeyLoader {
  const waiting = new Map<string, Waiting>();
  let running = false;
  let lastStart = Number.NEGATIVE_INFINITY;

  async function run(): Promise<void> {
    running = true;
    while (waiting.size > 0) {
      const pause = lastStart + minIntervalMs - performance.now();
      if (pause > 0) await new Promise((resolve) => setTimeout(resolve, pause));
      lastStart = performance.now();
      await loadBatch(new Map([...waiting].slice(0, maxBatch)));
    }
    running = false;
  }

  async function loadBatch(batch: ReadonlyMap<string, Waiting>): Promise<void> {
    for (const id of batch.keys()) waiting.delete(id);
    try {
      const found = await keys.findKeys([...batch.keys()]);
      const records = new Map(found.map((record) => [record.id, record]));
      for (const [id, { resolve }] of batch) resolve(records.get(id));
    } catch (error) {
      for (const { reject } of batch.values()) reject(error);
    }
  }

  return (id) => {
    const known = waiting.get(id);
    if (known !== undefined) return known.promise;
    const entry = Promise.withResolvers<KeyRecord | undefined>();
    waiting.set(id, entry);
    if (!running) void run();
    return entry.promise;
  };
}
