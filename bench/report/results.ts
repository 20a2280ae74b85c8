import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Bench } from "../bench.ts";
import type { Samples } from "../rounds.ts";
import { medianOf } from "../rounds.ts";
import { contender } from "../scenarios/throughput.ts";
import { root } from "../support/root.ts";
import type { Bar } from "./chart.ts";
import { drawBars } from "./chart.ts";
import type { Line } from "./line.ts";
import { compared, isReached } from "./line.ts";
import type { Machine } from "./machine.ts";

export const resultsDir = join(root, "bench/results");

/** Writes all figures as JSON. Also writes a chart of the main scenario if it was measured. */
export async function writeResults(options: {
  readonly bench: Bench;
  readonly lines: readonly Line[];
  /** Scenarios without lines, each with the reason. */
  readonly failures: readonly string[];
  readonly machine: Machine;
}): Promise<void> {
  const { bench, lines, failures, machine } = options;
  await mkdir(resultsDir, { recursive: true });
  const results = {
    date: new Date().toISOString(),
    ...machine,
    postgres: bench.server.version,
    limit: bench.limit.name,
    options: bench.options,
    lines: lines.map((line) => ({
      ...line,
      comparisons: line.comparisons.map((comparison) => ({
        ...comparison,
        ratio: comparison.reference === undefined ? undefined : compared(line, comparison),
        isReached: isReached(line, comparison),
      })),
    })),
    failures,
    samples: Object.fromEntries(
      [...bench.samples].map(([scenario, samples]) => [scenario, Object.fromEntries(samples)]),
    ),
  };
  await writeFile(join(resultsDir, "latest.json"), `${JSON.stringify(results, rounded, 2)}\n`);

  const samples = bench.samples.get("throughput");
  if (samples === undefined) return;
  const svg = await drawBars({
    title: "Syncs of four contacts per second",
    subtitle: `${machine.cpu}, ${machine.cores} cores, Postgres ${bench.server.version}, durable commits`,
    bars: barsOf(samples, bench.limit.name),
  });
  await writeFile(join(resultsDir, "latest.svg"), svg);
}

/** Rounds to thousandths, which is more than the accuracy of the figures. */
function rounded(_: string, value: unknown): unknown {
  return typeof value === "number" ? Math.round(value * 1_000) / 1_000 : value;
}

/** The chart names the program that measured it instead. */
const limitAlias = "Postgres alone";

function barsOf(samples: Samples, limitName: string): Bar[] {
  return Object.values(contender).map((name) => ({
    name: name.replace(limitAlias, limitName),
    value: medianOf(samples, name, "callsPerSecond"),
    isOwn: name.startsWith("Kith"),
  }));
}
