import { isDeepStrictEqual } from "node:util";

/** The effect of one atomic step of a call. The call ends with a result, or has another step. */
export type Step<Row, Result> = (rows: ReadonlySet<Row>) => Taken<Row, Result>;

export interface Taken<Row, Result> {
  /** The rows after the step; absent: unchanged. */
  readonly rows?: ReadonlySet<Row>;
  readonly next?: Step<Row, Result>;
  /** Present if the call ends with this step. */
  readonly result?: Result;
}

/** Concurrent calls and their results. */
export interface Observed<Row, Result> {
  readonly before: ReadonlySet<Row>;
  readonly after: ReadonlySet<Row>;
  readonly calls: readonly { readonly step: Step<Row, Result>; readonly result: Result }[];
}

/**
 * Whether the steps of all calls have a serial order that gives each call its result, and ends with the
 * observed rows.
 */
export function hasSerialOrder<Row, Result>(observed: Observed<Row, Result>): boolean {
  const { before, after, calls } = observed;
  if (calls.length === 0) return isDeepStrictEqual(before, after);
  return calls.some((call) => {
    const { rows = before, next, result } = call.step(before);
    if (next === undefined && !isDeepStrictEqual(result, call.result)) return false;
    const others = calls.filter((other) => other !== call);
    const left = next === undefined ? others : [...others, { ...call, step: next }];
    return hasSerialOrder({ before: rows, after, calls: left });
  });
}
