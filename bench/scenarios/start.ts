import type { Bench } from "../bench.ts";
import type { Line } from "../report/line.ts";
import { median } from "../rounds.ts";

/** The median of so many; the first one finds the disk cache cold. */
const starts = 3;

/** From the start of the process to its first `/readyz` of 200, the database being there and migrated. */
export async function measureStart(bench: Bench): Promise<Line[]> {
  const databaseUrl = await bench.server.createDatabase("start");
  const times: number[] = [];
  for (let n = 0; n < starts; n++) {
    await using kith = await bench.freshKith(databaseUrl);
    times.push(kith.readyMs);
  }
  bench.progress(`start: ${times.map((ms) => ms.toFixed(0)).join(", ")} ms`);
  return [
    {
      subject: "Kith ready after its start",
      value: median(times),
      unit: "ms",
      comparisons: [{ name: "", atMost: 700 }],
    },
  ];
}
