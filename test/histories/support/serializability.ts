/** A set of pairs, as bits of a number. */
export type Pairs = number;

/** What a call does in one step: the pairs after it, and its result. */
export type Step = (pairs: Pairs) => { readonly pairs: Pairs; readonly result: string };

/** A call as its caller saw it. Times are on one clock. */
export interface HistoryCall {
  readonly step: Step;
  /** Undefined if the call failed: it may have had its effect or not. */
  readonly result: string | undefined;
  /** When the call began. */
  readonly begin: number;
  /** When it was answered. `Infinity` for a failed call: it can have its effect at any time. */
  readonly end: number;
  /** Positions of calls after which a failed call must not have its effect any more. */
  readonly precedes?: readonly number[];
}

/**
 * Whether the calls have an order that respects time and explains every result: a call that was answered
 * before another one began is before it. Failed calls may be left out. The pairs are empty at first.
 *
 * @param calls at most 16, as the search visits up to 2^n states
 */
export function isStrictlySerializable(calls: readonly HistoryCall[]): boolean {
  if (calls.length > 16) throw new Error("too many calls");
  const visited = new Set<string>();

  /** @param done the calls that are in the order already, as bits */
  function canContinue(done: number, pairs: Pairs): boolean {
    const isDone = (n: number) => ((done >> n) & 1) === 1;
    const left = calls.filter((_, n) => !isDone(n));
    if (left.every(({ result }) => result === undefined)) return true;
    const state = `${done} ${pairs}`;
    if (visited.has(state)) return false;
    visited.add(state);

    const answered = left.filter(({ result }) => result !== undefined);
    const firstEnd = Math.min(...answered.map(({ end }) => end));
    return calls.some((call, n) => {
      if (isDone(n) || call.begin > firstEnd || call.precedes?.some(isDone)) return false;
      const next = call.step(pairs);
      const isExplained = call.result === undefined || call.result === next.result;
      return isExplained && canContinue(done | (1 << n), next.pairs);
    });
  }

  return canContinue(0, 0);
}
