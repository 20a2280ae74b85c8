import type { KeyUseWriter } from "./key-store.ts";

/** Shortest time between two writes, in milliseconds. */
const intervalMs = 60_000;
/** Time from the first use of a key to its write if there was no write for a minute, in milliseconds. */
const delayMs = 1_000;
/** Most keys in one write. The uses of other keys are dropped until the next write. */
const maxKeys = 10_000;

export interface KeyUsageOptions {
  readonly keys: KeyUseWriter;
  /** Called for the first of several failures in a row. */
  readonly onError: (error: unknown) => void;
}

export interface KeyUsage {
  /** Notes that a call with this key was accepted. It only writes to memory. */
  note(keyId: string): void;
  /** Stops writing. Uses that are not written yet are dropped. */
  stop(): void;
}

/**
 * Records the last use of keys in the background: one write of all used keys, at most once a minute. A
 * failed write is not retried, because the next one has newer times.
 */
export function createKeyUsage({ keys, onError }: KeyUsageOptions): KeyUsage {
  let uses = new Map<string, { at: number }>();
  let timer: NodeJS.Timeout | undefined;
  let lastWriteAt = Number.NEGATIVE_INFINITY;
  let hasFailed = false;
  let isStopped = false;

  function schedule(): void {
    if (timer !== undefined || isStopped) return;
    const pause = Math.max(delayMs, lastWriteAt + intervalMs - performance.now());
    timer = setTimeout(write, pause).unref();
  }

  async function write(): Promise<void> {
    lastWriteAt = performance.now();
    const written = new Map([...uses].map(([id, { at }]) => [id, new Date(at)]));
    uses = new Map();
    try {
      await keys.recordUses(written);
      hasFailed = false;
    } catch (error) {
      if (!hasFailed) onError(error);
      hasFailed = true;
    }
    timer = undefined;
    if (uses.size > 0) schedule();
  }

  return {
    note(keyId) {
      const use = uses.get(keyId);
      if (use !== undefined) {
        use.at = Date.now();
      } else if (uses.size < maxKeys) {
        uses.set(keyId, { at: Date.now() });
        schedule();
      }
    },
    stop() {
      isStopped = true;
      clearTimeout(timer);
    },
  };
}
