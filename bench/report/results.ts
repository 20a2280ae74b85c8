import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Bench } from "../bench.ts";
import type { Samples } from "../rounds.ts";
import { medianOf } from "../rounds.ts";
import type { ScenarioName } from "../scenarios/names.ts";
import { loadScenarioNames } from "../scenarios/names.ts";
import { contender } from "../scenarios/throughput.ts";
import { root } from "../support/root.ts";
import type { Bar } from "./chart.ts";
import { drawBars } from "./chart.ts";
import type { Line } from "./line.ts";
import { compared, isReached } from "./line.ts";
import type { Machine } from "./machine.ts";

export const resultsDir = join(root, "bench/results");

export interface ScenarioResult {
  readonly lines: readonly Line[];
  /** The reason why there are no lines. */
  readonly failure?: string;
}

type Results = ReadonlyMap<ScenarioName, ScenarioResult>;

interface Report {
  readonly bench: Bench;
  readonly results: Results;
  readonly machine: Machine;
}

/** Writes all figures as JSON, and the charts of the scenarios that were measured. */
export async function writeResults(report: Report): Promise<void> {
  const { bench, results, machine } = report;
  await mkdir(resultsDir, { recursive: true });
  const isLoad = ([name]: [ScenarioName, unknown]) => loadScenarioNames.includes(name);
  const others = [...results].filter((result) => !isLoad(result));
  await writeJson("latest.json", { ...report, results: new Map(others) });
  for (const result of [...results].filter(isLoad)) {
    await writeJson(`${result[0]}.json`, { ...report, results: new Map([result]) });
  }
  for (const [name, svg] of bench.charts) await writeFile(join(resultsDir, `${name}.svg`), svg);

  const samples = bench.samples.get("throughput");
  if (samples === undefined) return;
  const svg = await drawBars({
    title: "Syncs of four contacts per second",
    subtitle: `${machine.cpu}, ${machine.cores} cores, Postgres ${bench.server.version}, durable commits`,
    bars: barsOf(samples, bench.limit.name),
  });
  await writeFile(join(resultsDir, "latest.svg"), svg);
}

export function failuresOf(results: Iterable<ScenarioResult>): string[] {
  return [...results].flatMap(({ failure }) => failure ?? []);
}

/** Writes the results of some scenarios. */
async function writeJson(file: string, { bench, results, machine }: Report): Promise<void> {
  if (results.size === 0) return;
  const { checkout: _checkout, baseline: _baseline, ...options } = bench.options;
  const content = {
    date: new Date().toISOString(),
    ...machine,
    postgres: bench.server.version,
    limit: bench.limit.name,
    options: { ...options, only: [...results.keys()] },
    lines: [...results.values()]
      .flatMap(({ lines }) => lines)
      .map((line) => ({
        ...line,
        comparisons: line.comparisons.map((comparison) => ({
          ...comparison,
          ratio: comparison.reference === undefined ? undefined : compared(line, comparison),
          isReached: isReached(line, comparison),
        })),
      })),
    failures: failuresOf(results.values()),
    samples: Object.fromEntries(
      [...bench.samples].map(([scenario, samples]) => [scenario, Object.fromEntries(samples)]),
    ),
    details: Object.fromEntries([...bench.details].filter(([name]) => results.has(name))),
  };
  await writeFile(join(resultsDir, file), `${JSON.stringify(content, rounded, 2)}\n`);
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
