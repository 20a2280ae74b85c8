/** A worker that was ready for less time counts as one that failed, in milliseconds. */
const stableMs = 10_000;
const firstDelayMs = 100;
const maxDelayMs = 30_000;

/**
 * How long to wait before a worker is replaced: not at all, unless it failed. Each further failure doubles the
 * delay.
 *
 * @param livedMs how long the worker was ready
 * @param failures the failures in a row before this one
 */
export function restartDelayMs(
  livedMs: number,
  failures: number,
): { readonly ms: number; readonly failures: number } {
  if (livedMs >= stableMs) return { ms: 0, failures: 0 };
  return { ms: Math.min(maxDelayMs, firstDelayMs * 2 ** failures), failures: failures + 1 };
}
