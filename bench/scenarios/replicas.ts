import type { Bench } from "../bench.ts";
import type { Checkout } from "../contenders/checkout.ts";
import type { Shape } from "../contenders/fixtures.ts";
import type { Kith } from "../contenders/kith.ts";
import type { Line, Unit } from "../report/line.ts";
import type { Sample } from "../rounds.ts";
import { median } from "../rounds.ts";
import { childrenOf, cpuMicrosOf } from "../support/cpu-time.ts";

/** Kith processes on one Postgres. */
interface Deployment {
  readonly name: string;
  /** Services, each with a port of its own. */
  readonly services: number;
  /** Worker processes of each service. */
  readonly workers: number;
}

const deployments: readonly Deployment[] = [
  { name: "1 process", services: 1, workers: 1 },
  { name: "2 processes", services: 2, workers: 1 },
  { name: "3 processes", services: 3, workers: 1 },
  { name: "4 processes", services: 4, workers: 1 },
  { name: "WORKERS=2", services: 1, workers: 2 },
  { name: "WORKERS=4", services: 1, workers: 4 },
];

/**
 * The load grows with the processes, because one adds a process when the others are busy. The connections divide
 * evenly by 1 to 4.
 */
const loadOf = ({ services, workers }: Deployment): Shape => ({
  call: "sync",
  protocol: "grpc",
  contacts: 4,
  connections: 12,
  inFlight: 64 * services * workers,
});

interface ReplicasSample extends Sample {
  /** CPU time of all Kith processes for each call. */
  readonly kithCpuMicros: number;
  /** CPU time of Postgres for each call. */
  readonly postgresCpuMicros: number;
  /** The least CPU time of a process that serves calls, divided by the greatest. */
  readonly evenness: number;
  readonly databaseConnections: number;
}

const figures: readonly (readonly [keyof ReplicasSample, label: string, unit: Unit])[] = [
  ["callsPerSecond", "throughput", "requests/s"],
  ["p99Ms", "p99", "ms"],
  ["kithCpuMicros", "CPU of Kith for each call", "µs"],
  ["postgresCpuMicros", "CPU of Postgres for each call", "µs"],
  ["evenness", "least by greatest CPU of a process", "ratio"],
  ["databaseConnections", "connections to Postgres", "connections"],
];

/** Throughput, fairness and connections of several Kith processes on one Postgres. Linux only. */
export async function measureReplicas(bench: Bench, checkout: Checkout): Promise<Line[]> {
  if (process.platform !== "linux") {
    bench.progress("replicas: skipped, because it needs /proc");
    return [];
  }
  const samples = new Map<string, ReplicasSample[]>(deployments.map(({ name }) => [name, []]));
  const databaseUrl = await bench.server.createDatabase();
  await bench.measureInRounds(
    "replicas",
    deployments.map((deployment) => ({
      name: deployment.name,
      async measure() {
        const sample = await measureDeployment(bench, { deployment, checkout, databaseUrl });
        samples.get(deployment.name)?.push(sample);
        return sample;
      },
    })),
  );
  const value = (name: string, figure: keyof ReplicasSample) =>
    median((samples.get(name) ?? []).map((sample) => sample[figure] ?? Number.NaN));
  const [one] = deployments as [Deployment];
  return deployments.flatMap(({ name }) =>
    figures.map(([figure, label, unit]) => ({
      subject: `${name}: ${label}`,
      value: value(name, figure),
      unit,
      comparisons: [name === one.name ? { name: "" } : reference(one.name, figure)],
    })),
  );

  function reference(name: string, figure: keyof ReplicasSample) {
    return { name, reference: value(name, figure) };
  }
}

async function measureDeployment(
  bench: Bench,
  options: {
    readonly deployment: Deployment;
    readonly checkout: Checkout;
    readonly databaseUrl: string;
  },
): Promise<ReplicasSample> {
  const { deployment, checkout, databaseUrl } = options;
  const { services, workers } = deployment;
  await using stack = new AsyncDisposableStack();
  const kiths: Kith[] = [];
  while (kiths.length < services) {
    const env = { WORKERS: String(workers) };
    kiths.push(stack.use(await bench.deployments.startOne(databaseUrl, checkout, env)));
  }
  const [first] = kiths as [Kith];
  const target = { ...first, ports: kiths.flatMap(({ ports }) => ports) };
  const load = loadOf(deployment);
  // The code of new processes is not compiled yet.
  await bench.runLoad(target, load);

  const primaries = kiths.map(({ pid }) => pid);
  const serving = workers === 1 ? primaries : primaries.flatMap(childrenOf);
  const all = [...new Set([...primaries, ...serving])];
  const backends = await readPids(bench, databaseUrl);
  const before = new Map([...all, ...backends].map((pid) => [pid, cpuMicrosOf(pid)]));
  const result = await bench.runLoad(target, load);
  // The warm-up of the load is not in its number of calls.
  const calls = result.callsPerSecond * (bench.options.seconds + bench.options.warmupSeconds);
  const used = (pid: number) => cpuMicrosOf(pid) - (before.get(pid) ?? 0);
  const perCall = (pids: readonly number[]) =>
    pids.map(used).reduce((sum, micros) => sum + micros) / calls;
  const shares = serving.map(used);
  return {
    ...result,
    kithCpuMicros: perCall(all),
    postgresCpuMicros: perCall(await readPids(bench, databaseUrl)),
    evenness: Math.min(...shares) / Math.max(...shares),
    databaseConnections: (await readPids(bench, databaseUrl, "application_name = 'kith'")).length,
  };
}

/** The processes of Postgres that run, without the one that answers this. */
async function readPids(bench: Bench, databaseUrl: string, condition = "true"): Promise<number[]> {
  const { rows } = await bench.server.query(
    databaseUrl,
    `SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND ${condition}`,
  );
  return rows.map(({ pid }) => pid);
}
