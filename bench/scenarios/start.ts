import type { Bench } from "../bench.ts";
import type { Checkout } from "../contenders/checkout.ts";
import type { Line } from "../report/line.ts";
import { median } from "../rounds.ts";

/** The first start migrates the database and has a cold disk cache. It does not affect the median. */
const starts = 3;

/** The time from the start of the process to the first 200 of `/readyz`, on a migrated database. */
export async function measureStart(bench: Bench, checkout: Checkout): Promise<Line[]> {
  const databaseUrl = await bench.server.createDatabase();
  const times: number[] = [];
  for (let n = 0; n < starts; n++) {
    await using kith = await bench.deployments.startOne(databaseUrl, checkout);
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
