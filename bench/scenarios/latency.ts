import type { Bench, Workload } from "../bench.ts";
import type { Comparison, Line } from "../report/line.ts";
import type { Samples } from "../rounds.ts";
import { medianOf } from "../rounds.ts";
import { contender } from "./throughput.ts";

const limitName = "Postgres alone at this rate";
const clients = 64;
const peakLoad: Workload = {
  name: "Kith gRPC, 256 in flight",
  fixture: "empty",
  shape: { call: "sync", protocol: "grpc", contacts: 4, connections: 4, inFlight: 256 },
};

/** Postgres sustains a rate if it reaches at least this share of it. */
const sustainedShare = 0.97;

/** A load at half of the highest rate that Kith reaches. */
export async function createLatencyLoad(bench: Bench): Promise<Workload> {
  const earlier = bench.samples.get("throughput");
  const peak =
    earlier === undefined
      ? (await bench.run(peakLoad)).callsPerSecond
      : Math.max(
          medianOf(earlier, contender.grpc64, "callsPerSecond"),
          medianOf(earlier, contender.grpc256, "callsPerSecond"),
        );
  const rate = Math.round(peak / 2);
  return {
    ...peakLoad,
    name: `Kith gRPC at half its peak (${rate}/s)`,
    shape: { ...peakLoad.shape, rate },
  };
}

/** The 99th percentile of the latency below the peak. */
export async function measureLatency(bench: Bench): Promise<Line[]> {
  const load = await createLatencyLoad(bench);
  const { rate = 0 } = load.shape;
  const earlier = bench.samples.get("throughput");
  const canSustain =
    bench.limit.hasRate &&
    (earlier === undefined || medianOf(earlier, contender.limit, "callsPerSecond") >= rate);
  const limit = {
    name: limitName,
    measure: () => bench.runLimit({ script: "four-contacts", clients, rate }),
  };
  const samples = await bench.measureInRounds("latency", [
    { name: load.name, measure: () => bench.run(load) },
    ...(canSustain ? [limit] : []),
  ]);
  return [
    {
      subject: `${load.name}, p99`,
      value: medianOf(samples, load.name, "p99Ms"),
      unit: "ms",
      comparisons: [canSustain ? targetFor(samples, rate) : absoluteTarget],
    },
  ];
}

const absoluteTarget: Comparison = {
  name: "a rate that Postgres alone does not sustain",
  atMost: 20,
};

function targetFor(samples: Samples, rate: number): Comparison {
  const isSustained = medianOf(samples, limitName, "callsPerSecond") >= rate * sustainedShare;
  if (!isSustained) return absoluteTarget;
  return { name: limitName, reference: medianOf(samples, limitName, "p99Ms"), atMost: 1.5 };
}
