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
import { describeMachine } from "./report/machine.ts";
import { resultsDir, writeResults } from "./report/results.ts";
import { formatTable } from "./report/table.ts";
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
  process.exitCode = complain(error);
}

/** Says what went wrong, and answers the exit code. */
function complain(error: unknown): number {
  const isExpected = error instanceof UsageError || error instanceof WrongAnswers;
  const isInterrupted = stopping.signal.aborted;
  console.error(isExpected || isInterrupted ? (error as Error).message : error);
  if (isInterrupted) return exitCodes.interrupted;
  return error instanceof UsageError ? exitCodes.usage : exitCodes.failed;
}

/** Runs the scenarios, and leaves nothing behind but the results. */
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
  const machine = await describeMachine();
  bench.progress(`Postgres ${server.version}, ${limit.name}, Node ${machine.node}`);
  const lines: Line[] = [];
  const failures: string[] = [];
  for (const name of options.only) {
    try {
      lines.push(...(await scenarios[name](bench)));
    } catch (error) {
      if (!(error instanceof WrongAnswers)) throw error;
      failures.push(`${name}: ${error.message}`);
    }
  }
  await writeResults({ bench, lines, failures, machine });

  console.log(`\n${machine.cpu}, ${machine.cores} cores; Node ${machine.node}`);
  console.log(`Postgres ${server.version}; Postgres alone is measured by ${limit.name}\n`);
  console.log(`${formatTable(lines)}\n`);
  const main = bench.samples.get("throughput");
  if (main !== undefined) console.log(`${describeGenerator(main)}\n`);
  console.log(`Written to ${resultsDir}`);
  if (failures.length > 0) throw new WrongAnswers(failures.join("\n"));
}
