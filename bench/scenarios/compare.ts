import type { Bench, Workload } from "../bench.ts";
import type { Comparison, Line, Unit } from "../report/line.ts";
import type { Sample } from "../rounds.ts";
import { medianOf } from "../rounds.ts";

/** The figures of a load, in the order of the report. */
const figures: readonly (readonly [figure: keyof Sample, label: string, unit: Unit])[] = [
  ["callsPerSecond", "throughput", "requests/s"],
  ["p50Ms", "p50", "ms"],
  ["p99Ms", "p99", "ms"],
];
const failedCalls = ["failed", "failed calls", "calls"] as const;

/**
 * Runs each load on this checkout and, if there is one, on the baseline, in turns. Stops the services of
 * the loads afterwards.
 */
export async function compareWorkloads(
  bench: Bench,
  scenario: string,
  workloads: readonly Workload[],
): Promise<Line[]> {
  const lines: Line[] = [];
  for (const workload of workloads)
    lines.push(...(await compareWorkload(bench, scenario, workload)));
  const used = new Set(workloads.map(({ fixture }) => fixture));
  for (const fixture of used) await bench.deployments.stop(fixture);
  return lines;
}

async function compareWorkload(
  bench: Bench,
  scenario: string,
  workload: Workload,
): Promise<Line[]> {
  const { checkout, baseline } = bench.options;
  const checkouts = baseline === undefined ? [checkout] : [checkout, baseline];
  const samples = await bench.measureInRounds(
    `${scenario}, ${workload.name}`,
    checkouts.map((each) => ({ name: each.name, measure: () => bench.run(workload, each) })),
  );
  const shown = workload.mayFail ? [...figures, failedCalls] : figures;
  return shown.map(([figure, label, unit]) => ({
    subject: `${workload.name}: ${label}`,
    value: medianOf(samples, checkout.name, figure),
    unit,
    comparisons: [
      baseline === undefined
        ? { name: "" }
        : { name: baseline.name, reference: medianOf(samples, baseline.name, figure) },
    ],
  }));
}

/** Compares figures that are measured on one checkout after the other. */
export async function compareLines(
  bench: Bench,
  measure: (checkout: Bench["options"]["checkout"]) => Promise<Line[]>,
): Promise<Line[]> {
  const { checkout, baseline } = bench.options;
  const lines = await measure(checkout);
  if (baseline === undefined) return lines;
  const references = await measure(baseline);
  return lines.map((line, n) => {
    const { value } = references[n] as Line;
    const comparison: Comparison = { name: baseline.name, reference: value };
    return { ...line, comparisons: [comparison] };
  });
}
