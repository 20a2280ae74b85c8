import { randomBytes } from "node:crypto";
import { join } from "node:path";
import type { Deployments } from "./contenders/deployments.ts";
import { createDeployments } from "./contenders/deployments.ts";
import type { FixtureName, Shape } from "./contenders/fixtures.ts";
import { fixtures } from "./contenders/fixtures.ts";
import type { PeerName } from "./contenders/peer.ts";
import { startPeer } from "./contenders/peer.ts";
import type { TenantOptions } from "./contenders/tenant.ts";
import { createTenant } from "./contenders/tenant.ts";
import type { Limit, LimitJob, LimitResult } from "./limit/limit.ts";
import { createLimit } from "./limit/limit.ts";
import type { LoadShape, Target } from "./load/generator.ts";
import { generateLoad } from "./load/generator.ts";
import type { HoldJob, HoldResult } from "./load/hold.ts";
import type { LoadResult } from "./load/job.ts";
import type { BenchOptions } from "./options.ts";
import type { Contender, Samples } from "./rounds.ts";
import { inRounds } from "./rounds.ts";
import type { ScenarioName } from "./scenarios/names.ts";
import type { DatabaseServer } from "./support/database-server.ts";
import type { Processes } from "./support/processes.ts";

/** The functions with which scenarios measure. */
export interface Bench {
  readonly options: BenchOptions;
  readonly limit: Limit;
  readonly server: DatabaseServer;
  readonly deployments: Deployments;
  /** All samples so far, by scenario. */
  readonly samples: Map<string, Samples>;
  progress(text: string): void;
  /** A plain service to compare with. The first call starts it; it then stays. */
  peer(name: PeerName): Promise<Target>;
  /** Runs a load on a checkout, by default on this one. */
  run(workload: Workload, checkout?: BenchOptions["checkout"]): Promise<LoadResult>;
  /** Empties the database of a service, and runs a load on the service. */
  runLoad(target: Target, shape: Shape): Promise<LoadResult>;
  /** Empties a database, and measures the limit on it. */
  runLimit(job: LimitShape): Promise<LimitResult>;
  /** Measures the limit on a database without changing its rows first. */
  addLimit(databaseUrl: string, job: LimitShape): Promise<LimitResult>;
  /** Runs a load on a service, and counts failed calls. The rows stay. */
  offer(target: Target, shape: Shape, times?: LoadTimes): Promise<LoadResult>;
  /** Runs a process that holds connections open. */
  hold(job: HoldJob): Promise<HoldResult>;
  /** Creates another app on the database of a service, and returns the service with its key. */
  createTenant(target: Target, tenant: TenantOptions): ReturnType<typeof createTenant>;
  /** SVG images of the results, by their name. */
  readonly charts: Map<string, string>;
  /** What scenarios saw beside their lines, by scenario. */
  readonly details: Map<ScenarioName, unknown>;
  measureInRounds(scenario: string, contenders: readonly Contender[]): Promise<Samples>;
}

/** A load on Kith. */
export interface Workload {
  /** The name in the report. */
  readonly name: string;
  readonly fixture: FixtureName;
  readonly shape: Shape;
  /** Failed calls are counted. Without this a failed call ends the scenario. */
  readonly mayFail?: boolean;
}

/** Other times than those of the options, in seconds. */
export type LoadTimes = Partial<Pick<LoadShape, "seconds" | "warmupSeconds">>;

export type LimitShape = Omit<LimitJob, "databaseUrl" | "seconds" | "warmupSeconds">;

/** Duration of each load that warms a service, in seconds. */
const firstUseSeconds = 1;

export async function createBench(parts: {
  readonly options: BenchOptions;
  readonly processes: Processes;
  readonly server: DatabaseServer;
  /** Directory for logs. */
  readonly scratch: string;
  readonly progress: (text: string) => void;
}): Promise<Bench> {
  const { options, processes, server, scratch, progress } = parts;
  const { seconds, warmupSeconds, rounds } = options;
  const limit = await createLimit({ processes, scratch });
  let limitDatabase: Promise<string> | undefined;
  const generate = (target: Target, shape: LoadShape, mayFail = false) =>
    generateLoad({ processes, target, shape, mayFail });
  const warm = (target: Target, shape: Shape) =>
    generate(target, { ...shape, warmupSeconds: 0, seconds: firstUseSeconds });

  /** Creates a database with the schema of this checkout, for a program that is not Kith. */
  async function createMigratedDatabase(): Promise<string> {
    const databaseUrl = await server.createDatabase();
    await processes.run({
      command: process.execPath,
      args: ["src/cli.ts", "migrate"],
      env: { DATABASE_URL: databaseUrl },
    });
    return databaseUrl;
  }

  async function start(name: PeerName): Promise<Target> {
    const databaseUrl = await createMigratedDatabase();
    const peer = await startPeer({ name, processes, databaseUrl, log: join(scratch, "peer.log") });
    const [grpc, http] = fixtures.empty.warmUp as [Shape, Shape];
    await warm(peer, name === "fastify" ? http : grpc);
    return peer;
  }
  const peers = new Map<PeerName, Promise<Target>>();

  const bench: Bench = {
    options,
    limit,
    server,
    deployments: createDeployments({
      ...{ options, processes, server, scratch, warm },
      key: { id: "bench", secret: randomBytes(24).toString("base64url") },
    }),
    samples: new Map(),
    progress,
    peer(name) {
      const peer = peers.get(name) ?? start(name);
      peers.set(name, peer);
      return peer;
    },
    async run({ fixture, shape, mayFail }, checkout = options.checkout) {
      const target = await bench.deployments.get(fixture, checkout);
      if (fixtures[fixture].select === undefined) await server.empty(target.databaseUrl);
      return generate(target, { ...shape, seconds, warmupSeconds }, mayFail);
    },
    async runLoad(target, shape) {
      await server.empty(target.databaseUrl);
      return generate(target, { ...shape, seconds, warmupSeconds });
    },
    async runLimit(job) {
      limitDatabase ??= createMigratedDatabase();
      await server.empty(await limitDatabase);
      return bench.addLimit(await limitDatabase, job);
    },
    offer: (target, shape, times) =>
      generate(target, { ...shape, seconds, warmupSeconds, ...times }, true),
    async hold(job) {
      const { stdout } = await processes.run({
        command: process.execPath,
        args: ["bench/load/hold-main.ts", JSON.stringify(job)],
      });
      return JSON.parse(stdout);
    },
    createTenant: (target, tenant) => createTenant({ processes, target, ...tenant }),
    charts: new Map(),
    details: new Map(),
    addLimit: (databaseUrl, job) => limit.measure({ ...job, databaseUrl, seconds, warmupSeconds }),
    async measureInRounds(scenario, contenders) {
      const samples = await inRounds({
        contenders,
        rounds,
        onSample: (round, name, { callsPerSecond, p99Ms }) =>
          progress(
            `${scenario}, round ${round} of ${rounds}: ${name} ${callsPerSecond.toFixed(0)}/s, ` +
              `p99 ${p99Ms.toFixed(1)} ms`,
          ),
      });
      bench.samples.set(scenario, samples);
      return samples;
    },
  };
  return bench;
}
