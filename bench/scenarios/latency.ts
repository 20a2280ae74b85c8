import type { Bench } from "../bench.ts";
import type { Comparison, Line } from "../report/line.ts";
import type { Samples } from "../rounds.ts";
import { medianOf } from "../rounds.ts";
import { contender } from "./throughput.ts";

const names = { limit: "Postgres alone at this rate", kith: "Kith gRPC at half its peak" };
const shape = {
  call: "sync",
  protocol: "grpc",
  contacts: 4,
  connections: 4,
  inFlight: 256,
} as const;
const clients = 64;

/** Postgres keeps a rate if it does this share of it. */
const keptShare = 0.97;

/** How late the slowest hundredth of requests are at half the rate that Kith can serve at most. */
export async function measureLatency(bench: Bench): Promise<Line[]> {
  const kith = await bench.kith();
  const earlier = bench.samples.get("throughput");
  const peak =
    earlier === undefined
      ? (await bench.runLoad(kith, shape)).callsPerSecond
      : Math.max(
          medianOf(earlier, contender.grpc64, "callsPerSecond"),
          medianOf(earlier, contender.grpc256, "callsPerSecond"),
        );
  const rate = Math.round(peak / 2);
  const mayKeep =
    bench.limit.hasRate &&
    (earlier === undefined || medianOf(earlier, contender.limit, "callsPerSecond") >= rate);

  const samples = await bench.measureInRounds("latency", [
    { name: names.kith, measure: () => bench.runLoad(kith, { ...shape, rate }) },
    ...(mayKeep
      ? [
          {
            name: names.limit,
            measure: () => bench.runLimit({ script: "four-contacts", clients, rate }),
          },
        ]
      : []),
  ]);
  return [
    {
      subject: `${names.kith} (${rate}/s), p99`,
      value: medianOf(samples, names.kith, "p99Ms"),
      unit: "ms",
      comparisons: [mayKeep ? targetFor(samples, rate) : plainTarget],
    },
  ];
}

const plainTarget: Comparison = { name: "a rate that Postgres alone does not keep", atMost: 20 };

function targetFor(samples: Samples, rate: number): Comparison {
  const isKept = medianOf(samples, names.limit, "callsPerSecond") >= rate * keptShare;
  if (!isKept) return plainTarget;
  return { name: names.limit, reference: medianOf(samples, names.limit, "p99Ms"), atMost: 1.5 };
}
