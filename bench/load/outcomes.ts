import type { CallTimes } from "./connection.ts";
import type { LoadResult } from "./job.ts";
import { createLatencies } from "./latencies.ts";
import type { Problem } from "./problem.ts";

/** Collects the outcomes of the calls of a load. */
export interface Outcomes {
  add(outcome: {
    readonly times: CallTimes;
    /** When the answer arrived, in milliseconds of `performance.now()`. */
    readonly now: number;
    readonly problem: Problem | undefined;
    readonly isMeasured: boolean;
  }): void;
  summarize(): Pick<
    LoadResult,
    | ("calls" | "p50Ms" | "p99Ms" | "sentP50Ms" | "sentP99Ms")
    | ("failed" | "wrong" | "problem" | "failures" | "failureP99Ms")
  >;
}

export function createOutcomes(): Outcomes {
  const sinceDue = createLatencies();
  const sinceSent = createLatencies();
  const ofFailures = createLatencies();
  const problems = { failed: 0, wrong: 0 };
  const failures: Record<string, number> = {};
  let firstProblem: string | undefined;

  return {
    add({ times, now, problem, isMeasured }) {
      if (problem === undefined) {
        if (!isMeasured) return;
        sinceDue.add(now - times.dueAt);
        sinceSent.add(now - times.sentAt);
        return;
      }
      problems[problem.kind] += 1;
      firstProblem ??= problem.text;
      if (!isMeasured) return;
      const { status = problem.kind } = problem;
      failures[status] = (failures[status] ?? 0) + 1;
      ofFailures.add(now - times.sentAt);
    },
    summarize: () => ({
      calls: sinceDue.count(),
      p50Ms: sinceDue.percentile(0.5),
      p99Ms: sinceDue.percentile(0.99),
      sentP50Ms: sinceSent.percentile(0.5),
      sentP99Ms: sinceSent.percentile(0.99),
      ...problems,
      problem: firstProblem,
      failures,
      failureP99Ms: ofFailures.percentile(0.99),
    }),
  };
}
