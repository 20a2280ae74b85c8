import type { Bench, Workload } from "../bench.ts";
import type { Line } from "../report/line.ts";
import { medianOf } from "../rounds.ts";

const shape = {
  call: "sync",
  protocol: "grpc",
  contacts: 4,
  connections: 4,
  inFlight: 64,
} as const;
const emptyLoad: Workload = { name: "Kith gRPC, empty table", fixture: "empty", shape };

/** Syncs on a table of many rows. */
export const filledLoad: Workload = { name: "Kith gRPC, full table", fixture: "filled", shape };

/** The cost of a table of many rows. */
export async function measureFilled(bench: Bench): Promise<Line[]> {
  const rows = bench.options.rows.toLocaleString("en-US");
  bench.progress(`filled: inserting ${rows} rows`);
  const samples = await bench.measureInRounds(
    "filled",
    [emptyLoad, filledLoad].map((load) => ({ name: load.name, measure: () => bench.run(load) })),
  );
  await bench.deployments.stop(filledLoad.fixture);
  const rate = (name: string) => medianOf(samples, name, "callsPerSecond");
  return [
    {
      subject: `${filledLoad.name} of ${rows} rows, 64 in flight`,
      value: rate(filledLoad.name),
      unit: "requests/s",
      comparisons: [{ name: emptyLoad.name, reference: rate(emptyLoad.name), atLeast: 0.7 }],
    },
  ];
}
