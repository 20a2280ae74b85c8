import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Bench } from "./bench.ts";
import { createBench } from "./bench.ts";
import { WrongAnswers } from "./load/generator.ts";
import type { BenchOptions } from "./options.ts";
import { help, parseOptions, UsageError } from "./options.ts";
import { describeGenerator } from "./report/generator.ts";
import type { Line } from "./report/line.ts";
import type { Machine } from "./report/machine.ts";
import { describeCommit, describeMachine } from "./report/machine.ts";
import type { ScenarioResult } from "./report/results.ts";
import { failuresOf, resultsDir, writeResults } from "./report/results.ts";
import { formatTable } from "./report/table.ts";
import type { ScenarioName } from "./scenarios/names.ts";
import { scenarios } from "./scenarios/scenario.ts";
import { startDatabaseServer } from "./support/database-server.ts";
import { createProcesses } from "./support/processes.ts";

const exitCodes = { failed: 1, usage: 2, interrupted: 130 };

const stopping = new AbortController();
const interrupted = Promise.withResolvers<never>();
interrupted.promise.catch(() => {});
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => {
    stopping.abort(new Error(`stopped by ${signal}`));
    interrupted.reject(stopping.signal.reason);
  });
}

try {
  const options = parseOptions(process.argv.slice(2));
  if (options === undefined) console.log(help);
  else await measure(options);
} catch (error) {
  process.exitCode = reportError(error);
}

/** Prints the error, and returns the exit code. */
function reportError(error: unknown): number {
  const isExpected = error instanceof UsageError || error instanceof WrongAnswers;
  const isInterrupted = stopping.signal.aborted;
  console.error(isExpected || isInterrupted ? (error as Error).message : error);
  if (isInterrupted) return exitCodes.interrupted;
  return error instanceof UsageError ? exitCodes.usage : exitCodes.failed;
}

/** Runs the scenarios. Only the results stay on the disk. */
async function measure(options: BenchOptions): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const startedAt = performance.now();
  const progress = (text: string) => {
    const seconds = (performance.now() - startedAt) / 1_000;
    console.error(`${seconds.toFixed(0).padStart(4)} s  ${text}`);
  };
  const scratch = await mkdtemp(join(tmpdir(), "kith-bench-log-"));
  stack.defer(() => rm(scratch, { recursive: true, force: true }));
  const server = await startDatabaseServer({
    stack,
    onExit: (message) => interrupted.reject(new Error(message)),
  });
  const processes = stack.use(createProcesses({ signal: stopping.signal }));
  const bench = await createBench({ options, processes, server, scratch, progress });
  stopping.signal.throwIfAborted();
  await Promise.race([runScenarios(bench), interrupted.promise]);
}

async function runScenarios(bench: Bench): Promise<void> {
  const { server, limit, options } = bench;
  const { baseline } = options;
  const machine = await describeMachine();
  bench.progress(`Postgres ${server.version}, ${limit.name}, Node ${machine.node}`);
  const results = new Map<ScenarioName, ScenarioResult>();
  for (const name of options.only) {
    try {
      const { measure, compare } = scenarios[name];
      results.set(name, { lines: await (baseline === undefined ? measure : compare)(bench) });
    } catch (error) {
      if (!(error instanceof WrongAnswers)) throw error;
      results.set(name, { lines: [], failure: `${name}: ${error.message}` });
    }
  }
  if (baseline === undefined) await writeResults({ bench, results, machine });
  print({ bench, lines: [...results.values()].flatMap(({ lines }) => lines), machine });
  console.log(
    baseline === undefined
      ? `The results are in ${resultsDir}`
      : `The baseline is ${await describeCommit(baseline.root)}`,
  );
  const failures = failuresOf(results.values());
  if (failures.length > 0) throw new WrongAnswers(failures.join("\n"));
}

function print(report: {
  readonly bench: Bench;
  readonly lines: readonly Line[];
  readonly machine: Machine;
}): void {
  const { bench, lines, machine } = report;
  const { server, limit } = bench;
  console.log(`\n${machine.cpu}, ${machine.cores} cores; Node ${machine.node}`);
  console.log(`Postgres ${server.version}; ${limit.name} measures Postgres alone\n`);
  console.log(`${formatTable(lines)}\n`);
  const main = bench.samples.get("throughput");
  if (main !== undefined) console.log(`${describeGenerator(main)}\n`);
}
