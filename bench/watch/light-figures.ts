import { createLatencies } from "../load/latencies.ts";

/** A call of the light app. */
export interface LightCall {
  readonly kind: "app" | "livez";
  /** When it started, in milliseconds since 1970. */
  readonly at: number;
  /** Its duration in milliseconds. */
  readonly ms: number;
  /** Why it failed. Absent: it succeeded. */
  readonly problem?: string | undefined;
}

export interface LightFigures {
  readonly calls: number;
  /** Milliseconds. A failed call counts with the time until it failed. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly livezP99Ms: number;
  /** The failed calls, probes included, by their problem. */
  readonly errors: Readonly<Record<string, number>>;
  readonly errorCount: number;
}

/** The figures of the calls that started in a time. */
export function lightFigures(calls: readonly LightCall[], from: number, to: number): LightFigures {
  const app = createLatencies();
  const livez = createLatencies();
  const errors: Record<string, number> = {};
  let errorCount = 0;
  for (const { kind, at, ms, problem } of calls) {
    if (at < from || at >= to) continue;
    (kind === "app" ? app : livez).add(ms);
    if (problem === undefined) continue;
    errors[problem] = (errors[problem] ?? 0) + 1;
    errorCount += 1;
  }
  return {
    calls: app.count(),
    p50Ms: app.percentile(0.5),
    p99Ms: app.percentile(0.99),
    livezP99Ms: livez.percentile(0.99),
    ...{ errors, errorCount },
  };
}

/** Calls in a row that have to be normal. */
const normalCalls = 5;

/**
 * The time from the end of a load until the calls of the light app are normal again, in milliseconds. A single
 * slow call later does not count, because other programs on the machine can delay it.
 *
 * @param normalMs longest duration of a normal call, in milliseconds
 * @returns undefined if they are not normal yet
 */
export function recoveryMs(
  calls: readonly LightCall[],
  end: number,
  normalMs: number,
): number | undefined {
  const after = calls
    .filter(({ kind, at }) => kind === "app" && at >= end)
    .sort((a, b) => a.at - b.at);
  let inRow = 0;
  for (const [n, { ms, problem }] of after.entries()) {
    inRow = problem === undefined && ms <= normalMs ? inRow + 1 : 0;
    if (inRow === normalCalls) return (after[n + 1 - normalCalls] as LightCall).at - end;
  }
  return undefined;
}
