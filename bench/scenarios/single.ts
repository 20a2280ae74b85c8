import type { Bench } from "../bench.ts";
import type { Line } from "../report/line.ts";
import { medianOf } from "../rounds.ts";

const names = { limit: "Postgres alone, 1 client", kith: "Kith gRPC, one at a time" };

/** The time of a request where there is no other. */
export async function measureSingle(bench: Bench): Promise<Line[]> {
  const kith = await bench.kith();
  const shape = {
    call: "sync",
    protocol: "grpc",
    contacts: 4,
    connections: 1,
    inFlight: 1,
  } as const;
  const samples = await bench.measureInRounds("single", [
    { name: names.limit, measure: () => bench.runLimit({ script: "four-contacts", clients: 1 }) },
    { name: names.kith, measure: () => bench.runLoad(kith, shape) },
  ]);
  return [
    {
      subject: `${names.kith}, p50`,
      value: medianOf(samples, names.kith, "p50Ms"),
      unit: "ms",
      comparisons: [
        {
          name: names.limit,
          reference: medianOf(samples, names.limit, "p50Ms"),
          atMost: 1.5,
        },
      ],
    },
  ];
}
