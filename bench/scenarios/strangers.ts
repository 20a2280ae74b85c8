import type { Bench } from "../bench.ts";
import type { Checkout } from "../contenders/checkout.ts";
import type { Line } from "../report/line.ts";
import { startWatch } from "../watch/watch.ts";
import type { LightRow } from "./light-lines.ts";
import { drawLightRows } from "./light-lines.ts";
import { measureRejectedCost, oneEntry } from "./strangers-cost.ts";
import { measureHeld } from "./strangers-held.ts";
import { measureTinyEntries } from "./strangers-tiny.ts";

/** The rows of one part of the scenario. */
export interface StrangersPart {
  readonly lines: readonly Line[];
  readonly rows: readonly LightRow[];
  readonly details: readonly unknown[];
}

/** The light app beside callers whose calls are rejected: without a key, over a limit, or with huge messages. */
export async function measureStrangers(bench: Bench, checkout: Checkout): Promise<Line[]> {
  await using watch = await startWatch({
    ...{ bench, checkout },
    databaseUrl: await bench.server.createDatabase(),
    async prepare(kith) {
      await bench.offer(kith, oneEntry.gRPC, { seconds: 2 });
      await bench.offer(kith, oneEntry.REST, { seconds: 2 });
    },
  });
  const parts: StrangersPart[] = [
    await measureRejectedCost(bench, watch),
    await measureTinyEntries(bench, watch),
    await measureHeld(bench, watch),
  ];
  const rows = parts.flatMap((part) => part.rows);
  bench.details.set("strangers", [
    { name: "no load", light: watch.quiet },
    ...parts.flatMap(({ details }) => details),
  ]);
  bench.charts.set(
    "strangers",
    await drawLightRows({ title: "A small app beside strangers", rows }),
  );
  return parts.flatMap(({ lines }) => lines);
}
