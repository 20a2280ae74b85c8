import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createLatencies } from "../load/latencies.ts";
import type { Processes } from "../support/processes.ts";
import type { Pgbench } from "./find-pgbench.ts";
import type { Limit, LimitJob, LimitResult } from "./limit.ts";
import { indexPlans } from "./limit.ts";
import { loadScripts } from "./scripts.ts";

const threads = 2;
const logName = "log";

/** The limit with pgbench, with prepared statements over the Unix socket. */
export function createPgbenchLimit(
  options: Pgbench & { readonly processes: Processes; readonly scratch: string },
): Limit {
  const { command, version, processes, scratch } = options;

  return {
    name: `pgbench ${version}`,
    hasRate: true,
    async measure(job) {
      const dir = await mkdtemp(join(scratch, "pgbench-"));
      try {
        await processes.run({
          command,
          args: [...(await scriptArguments(job, dir)), ...argumentsOf(job, join(dir, logName))],
          env: environmentOf(job.databaseUrl),
        });
        const names = (await readdir(dir)).filter((name) => name.startsWith(logName));
        const logs = await Promise.all(names.map((name) => readFile(join(dir, name), "utf8")));
        return readLogs(logs, job);
      } finally {
        await rm(dir, { recursive: true, force: true });
      }
    },
  };
}

/** Writes the scripts into a directory, and returns the arguments that name them. */
async function scriptArguments({ script }: LimitJob, dir: string): Promise<string[]> {
  const { sources, constants } = await loadScripts(script);
  const files = sources.map((_, n) => join(dir, `${n}.sql`));
  await Promise.all(files.map((file, n) => writeFile(file, sources[n] ?? "")));
  return [
    ...files.map((file) => `--file=${file}`),
    ...Object.entries(constants).map(([name, value]) => `--define=${name}=${value}`),
  ];
}

function argumentsOf(job: LimitJob, logPrefix: string): string[] {
  const { clients, warmupSeconds, seconds, rate } = job;
  return [
    "--no-vacuum",
    "--protocol=prepared",
    `--client=${clients}`,
    `--jobs=${Math.min(clients, threads)}`,
    `--time=${Math.ceil(warmupSeconds + seconds)}`,
    "--log",
    `--log-prefix=${logPrefix}`,
    ...(rate === undefined ? [] : [`--rate=${rate}`]),
  ];
}

function environmentOf(databaseUrl: string): Record<string, string> {
  const url = new URL(databaseUrl);
  return {
    PGHOST: url.searchParams.get("host") ?? "",
    PGPORT: url.searchParams.get("port") ?? "",
    PGUSER: url.searchParams.get("user") ?? "",
    PGDATABASE: url.pathname.slice(1),
    PGOPTIONS: indexPlans,
  };
}

interface Transaction {
  readonly ms: number;
  /** Seconds since 1970. */
  readonly endedAt: number;
}

function readLogs(logs: readonly string[], { warmupSeconds }: LimitJob): LimitResult {
  const transactions = logs.flatMap((log) => log.trimEnd().split("\n").map(readLine));
  const from = transactions.reduce((at, t) => Math.min(at, t.endedAt), Infinity) + warmupSeconds;
  const until = transactions.reduce((at, t) => Math.max(at, t.endedAt), from);
  const latencies = createLatencies();
  for (const { ms, endedAt } of transactions) if (endedAt >= from) latencies.add(ms);
  return {
    callsPerSecond: latencies.count() / (until - from),
    p50Ms: latencies.percentile(0.5),
    p99Ms: latencies.percentile(0.99),
  };
}

/** Fields: client, number, latency in microseconds, script, end in seconds, microseconds of the end. */
function readLine(line: string): Transaction {
  const [, , latency = 0, , seconds = 0, micros = 0] = line.split(" ").map(Number);
  return { ms: latency / 1_000, endedAt: seconds + micros / 1e6 };
}
