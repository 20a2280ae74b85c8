import type { HrTime } from "@opentelemetry/api";

/** If the clocks differ by more than this, spans follow the clock of the system, in milliseconds. */
const maxDriftMs = 20;

/** The time of the system at which the clock of `performance.now()` was 0, in milliseconds from 1970. */
let origin = performance.timeOrigin;

/**
 * The time of a span. The times of one call come from one clock, so they are in order. The SDK would
 * correct each span by itself.
 *
 * @param at in milliseconds of `performance.now()`
 */
export function spanTime(at: number): HrTime {
  const drift = Date.now() - (origin + performance.now());
  if (Math.abs(drift) > maxDriftMs) origin += drift;
  const time = origin + at;
  const seconds = Math.trunc(time / 1_000);
  return [seconds, Math.round((time - seconds * 1_000) * 1_000_000)];
}
