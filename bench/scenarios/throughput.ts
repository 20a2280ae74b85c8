import type { Bench } from "../bench.ts";
import type { Comparison, Line } from "../report/line.ts";
import type { Contender } from "../rounds.ts";
import { medianOf } from "../rounds.ts";

/** Syncs of four contacts a second, as fast as they go: the main scenario. */
export const contender = {
  limit: "Postgres alone, 64 clients",
  grpcJs: "grpc-js, 64 in flight",
  fastify: "Fastify, 64 connections",
  grpc64: "Kith gRPC, 64 in flight",
  grpc256: "Kith gRPC, 256 in flight",
  rest: "Kith REST, 64 connections",
  connect: "Kith Connect, 64 connections",
} as const;

const contacts = 4;
const clients = 64;

const grpc = (inFlight: number) =>
  ({ call: "sync", protocol: "grpc", contacts, connections: 4, inFlight }) as const;
const http1 = (protocol: "rest" | "connect") =>
  ({ call: "sync", protocol, contacts, connections: clients, inFlight: clients }) as const;

export async function measureThroughput(bench: Bench): Promise<Line[]> {
  const kith = await bench.kith();
  const grpcJs = await bench.peer("grpc-js");
  const fastify = await bench.peer("fastify");
  const contenders: Contender[] = [
    {
      name: contender.limit,
      measure: () => bench.runLimit({ script: "four-contacts", clients }),
    },
    { name: contender.grpcJs, measure: () => bench.runLoad(grpcJs, grpc(64)) },
    { name: contender.fastify, measure: () => bench.runLoad(fastify, http1("rest")) },
    { name: contender.grpc64, measure: () => bench.runLoad(kith, grpc(64)) },
    { name: contender.grpc256, measure: () => bench.runLoad(kith, grpc(256)) },
    { name: contender.rest, measure: () => bench.runLoad(kith, http1("rest")) },
    { name: contender.connect, measure: () => bench.runLoad(kith, http1("connect")) },
  ];
  const samples = await bench.measureInRounds("throughput", contenders);

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
