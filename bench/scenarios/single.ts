import type { Bench, Workload } from "../bench.ts";
import type { Line } from "../report/line.ts";
import { medianOf } from "../rounds.ts";

const limitName = "Postgres alone, 1 client";

export const singleLoad: Workload = {
  name: "Kith gRPC, one at a time",
  fixture: "empty",
  shape: { call: "sync", protocol: "grpc", contacts: 4, connections: 1, inFlight: 1 },
};

/** The latency of a request when no other request is in flight. */
export async function measureSingle(bench: Bench): Promise<Line[]> {
  const samples = await bench.measureInRounds("single", [
    { name: limitName, measure: () => bench.runLimit({ script: "four-contacts", clients: 1 }) },
    { name: singleLoad.name, measure: () => bench.run(singleLoad) },
  ]);
  const p50 = (name: string) => medianOf(samples, name, "p50Ms");
  return [
    {
      subject: `${singleLoad.name}, p50`,
      value: p50(singleLoad.name),
      unit: "ms",
      comparisons: [{ name: limitName, reference: p50(limitName), atMost: 1.5 }],
    },
  ];
}
