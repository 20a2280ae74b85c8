import { isDeepStrictEqual } from "node:util";

/** What a call does to the rows in one atomic step: it ends with a result, or has another step to take. */
export type Step<Row, Result> = (rows: ReadonlySet<Row>) => Taken<Row, Result>;

export interface Taken<Row, Result> {
  /** The rows after the step; those before it where absent. */
  readonly rows?: ReadonlySet<Row>;
  readonly next?: Step<Row, Result>;
  /** There where the call ends with the step. */
  readonly result?: Result;
}

/** Calls that were made at once, and what came of them. */
export interface Observed<Row, Result> {
  readonly before: ReadonlySet<Row>;
  readonly after: ReadonlySet<Row>;
  readonly calls: readonly { readonly step: Step<Row, Result>; readonly result: Result }[];
}

/**
 * Whether there is an order of the steps of all calls, one after another, that gives each call its
 * result, and leaves the rows that are there afterwards.
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
