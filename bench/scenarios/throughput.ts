import type { Bench, Workload } from "../bench.ts";
import type { Comparison, Line } from "../report/line.ts";
import { medianOf } from "../rounds.ts";

const contacts = 4;
const clients = 64;

const grpc = (inFlight: number) =>
  ({ call: "sync", protocol: "grpc", contacts, connections: 4, inFlight }) as const;
const http1 = (protocol: "rest" | "connect") =>
  ({ call: "sync", protocol, contacts, connections: clients, inFlight: clients }) as const;

const kith = {
  grpc64: { name: "Kith gRPC, 64 in flight", fixture: "empty", shape: grpc(64) },
  grpc256: { name: "Kith gRPC, 256 in flight", fixture: "empty", shape: grpc(256) },
  rest: { name: "Kith REST, 64 connections", fixture: "empty", shape: http1("rest") },
  connect: { name: "Kith Connect, 64 connections", fixture: "empty", shape: http1("connect") },
} as const satisfies Record<string, Workload>;

export const throughputLoads: readonly Workload[] = Object.values(kith);

/** The contenders of the main scenario: syncs of four contacts per second, without a rate limit. */
export const contender = {
  limit: "Postgres alone, 64 clients",
  grpcJs: "grpc-js, 64 in flight",
  fastify: "Fastify, 64 connections",
  grpc64: kith.grpc64.name,
  grpc256: kith.grpc256.name,
  rest: kith.rest.name,
  connect: kith.connect.name,
} as const;

export async function measureThroughput(bench: Bench): Promise<Line[]> {
  const grpcJs = await bench.peer("grpc-js");
  const fastify = await bench.peer("fastify");
  const samples = await bench.measureInRounds("throughput", [
    {
      name: contender.limit,
      measure: () => bench.runLimit({ script: "four-contacts", clients }),
    },
    { name: contender.grpcJs, measure: () => bench.runLoad(grpcJs, grpc(64)) },
    { name: contender.fastify, measure: () => bench.runLoad(fastify, http1("rest")) },
    ...throughputLoads.map((load) => ({ name: load.name, measure: () => bench.run(load) })),
  ]);

  const rate = (name: string) => medianOf(samples, name, "callsPerSecond");
  const line = (name: string, comparisons: readonly Comparison[]): Line => ({
    subject: `${name}, ${contacts} contacts`,
    value: rate(name),
    unit: "requests/s",
    comparisons,
  });
  const against = (name: string, atLeast?: number): Comparison => ({
    name,
    reference: rate(name),
    ...(atLeast === undefined ? {} : { atLeast }),
  });
  return [
    line(contender.grpc64, [against(contender.limit, 2), against(contender.grpcJs, 5)]),
    line(contender.grpc256, [against(contender.limit, 2.5)]),
    line(contender.rest, [against(contender.limit, 2), against(contender.fastify, 5)]),
    line(contender.connect, [against(contender.limit)]),
  ];
}
