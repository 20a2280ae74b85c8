import { join } from "node:path";
import type { Kith } from "./contenders/kith.ts";
import { startKith } from "./contenders/kith.ts";
import { startPeer } from "./contenders/peer.ts";
import type { Limit, LimitJob, LimitResult } from "./limit/limit.ts";
import { createLimit } from "./limit/limit.ts";
import type { LoadShape, Target } from "./load/generator.ts";
import { generateLoad } from "./load/generator.ts";
import type { LoadResult } from "./load/job.ts";
import { selectLists } from "./load/lists.ts";
import type { BenchOptions } from "./options.ts";
import type { Contender, Samples } from "./rounds.ts";
import { inRounds } from "./rounds.ts";
import type { DatabaseServer } from "./support/database-server.ts";
import { fillContacts } from "./support/fill.ts";
import type { Processes } from "./support/processes.ts";

/** What scenarios measure with. Services are started as they are first asked for, and stay. */
export interface Bench {
  readonly options: BenchOptions;
  readonly limit: Limit;
  readonly server: DatabaseServer;
  /** All samples so far. */
  readonly samples: Map<string, Samples>;
  progress(text: string): void;
  kith(): Promise<Kith>;
  /** A Kith on the lists that reads are measured on. */
  kithWithLists(): Promise<Kith>;
  peer(name: "grpc-js" | "fastify"): Promise<Target>;
  /** A Kith on a database that exists, to be stopped by whoever asked for it. */
  freshKith(databaseUrl: string): Promise<Kith>;
  /** The limit on a database of its own, made empty before. */
  runLimit(job: LimitShape): Promise<LimitResult>;
  /** The limit on a database as it is. */
  addLimit(databaseUrl: string, job: LimitShape): Promise<LimitResult>;
  /** Load on a service whose database is made empty before. */
  runLoad(target: Target, shape: Shape): Promise<LoadResult>;
  /** The same on a database as it is. */
  addLoad(target: Target, shape: Shape): Promise<LoadResult>;
  measureInRounds(scenario: string, contenders: readonly Contender[]): Promise<Samples>;
}

export type Shape = Omit<LoadShape, "seconds" | "warmupSeconds">;
export type LimitShape = Omit<LimitJob, "databaseUrl" | "seconds" | "warmupSeconds">;

/** So long each service is used before it is first measured, in seconds. */
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
  const limitDatabase = await server.createDatabase("plain");
  const log = (name: string) => join(scratch, `${name}.log`);
  const generate = (target: Target, shape: LoadShape) => generateLoad({ processes, target, shape });

  const warm = async (
    target: Target,
    protocols: readonly Shape["protocol"][],
    { call, contacts }: Pick<Shape, "call" | "contacts"> = { call: "sync", contacts: 4 },
  ) => {
    for (const protocol of protocols) {
      const shape = { call, protocol, contacts, connections: 16, inFlight: 64 };
      if (protocol !== "grpc") shape.connections = shape.inFlight;
      await generate(target, { ...shape, warmupSeconds: 0, seconds: firstUseSeconds });
    }
  };
  const services = new Map<string, Promise<Target>>();
  const once = <T extends Target>(name: string, start: () => Promise<T>): Promise<T> => {
    const started = (services.get(name) as Promise<T> | undefined) ?? start();
    services.set(name, started);
    return started;
  };

  const bench: Bench = {
    options,
    limit,
    server,
    samples: new Map(),
    progress,
    kith: () =>
      once("kith", async () => {
        const kith = await bench.freshKith(await server.createDatabase("kith_main"));
        await warm(kith, ["grpc", "rest", "connect"]);
        return kith;
      }),
    kithWithLists: () =>
      once("kith-with-lists", async () => {
        const databaseUrl = await server.createDatabase("lists");
        await fillContacts({ server, databaseUrl, select: selectLists });
        const kith = await bench.freshKith(databaseUrl);
        for (const call of ["page", "check"] as const) {
          await warm(kith, ["grpc", "rest"], { call, contacts: 100 });
        }
        return kith;
      }),
    peer: (name) =>
      once(name, async () => {
        const databaseUrl = await server.createDatabase(name.replace("-", "_"));
        const peer = await startPeer({ name, processes, databaseUrl, log: log(name) });
        await warm(peer, [name === "fastify" ? "rest" : "grpc"]);
        return peer;
      }),
    freshKith: (databaseUrl) => startKith({ processes, databaseUrl, log: log("kith") }),
    async runLimit(job) {
      await server.empty(limitDatabase);
      return bench.addLimit(limitDatabase, job);
    },
    addLimit: (databaseUrl, job) => limit.measure({ ...job, databaseUrl, seconds, warmupSeconds }),
    async runLoad(target, shape) {
      await server.empty(target.databaseUrl);
      return bench.addLoad(target, shape);
    },
    addLoad: (target, shape) => generate(target, { ...shape, seconds, warmupSeconds }),
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
