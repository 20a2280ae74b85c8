import { setTimeout as sleep } from "node:timers/promises";
import type { Bench } from "../bench.ts";
import type { Checkout } from "../contenders/checkout.ts";
import type { Shape } from "../contenders/fixtures.ts";
import type { LoadResult } from "../load/job.ts";
import type { Line } from "../report/line.ts";
import { drawOverload } from "../report/overload-chart.ts";
import type { LightFigures } from "../watch/light-figures.ts";
import { readMemory } from "../watch/process-usage.ts";
import type { Watched } from "../watch/watch.ts";
import { describeWait, startWatch } from "../watch/watch.ts";
import { overloadLines } from "./overload-lines.ts";

/** An open loop beside the capacity that was measured around it. */
export interface OverloadRow {
  readonly connections: number;
  /** The offered load as a multiple of the capacity before it. */
  readonly factor: number;
  /** Calls per second of a closed loop: the mean of a run before and a run after. */
  readonly capacity: number;
  readonly load: LoadResult;
  readonly watched: Watched<LoadResult>;
}

/** The loads over a number of connections, on one process. */
export interface OverloadSeries {
  readonly rows: readonly OverloadRow[];
  /** The light app without a load. */
  readonly quiet: LightFigures;
  readonly beforeMb: number;
  /** Memory some time after the last load. */
  readonly afterMb: number;
}

const factors = [0.25, 0.5, 1, 1.5, 2, 3];
const connectionCounts = [16, 64];
/** Calls in flight of the closed loop. */
const inFlight = 256;
/** A full queue takes a second to be served, so that shorter runs would only show how it fills. */
const leastSeconds = { seconds: 2, warmupSeconds: 1 };

/** Offers syncs of four contacts at 0.25 to 3 times the capacity of the service, beside a light app. */
export async function measureOverload(bench: Bench, checkout: Checkout): Promise<Line[]> {
  const series: OverloadSeries[] = [];
  for (const connections of connectionCounts) {
    series.push(await measureSeries(bench, checkout, connections));
  }
  bench.details.set("overload", series);
  bench.charts.set("overload", await drawOverload(series));
  return series.flatMap(overloadLines);
}

async function measureSeries(
  bench: Bench,
  checkout: Checkout,
  connections: number,
): Promise<OverloadSeries> {
  const closed: Shape = {
    ...{ call: "sync", protocol: "grpc", contacts: 4, connections, inFlight },
    readsStatus: true,
  };
  await using watch = await startWatch({
    bench,
    checkout,
    databaseUrl: await bench.server.createDatabase(),
    prepare: (kith) => bench.offer(kith, closed, { seconds: 2 }),
  });
  const { kith } = watch;
  const times = {
    seconds: Math.max(bench.options.seconds, leastSeconds.seconds),
    warmupSeconds: Math.max(bench.options.warmupSeconds, leastSeconds.warmupSeconds),
  };
  const measureCapacity = async () => (await bench.offer(kith, closed, times)).callsPerSecond;
  const beforeMb = readMemory(kith.pid);

  const rows: OverloadRow[] = [];
  let before = await measureCapacity();
  for (const factor of factors) {
    const open = { ...closed, rate: factor * before, dropsLateCalls: true };
    const watched = await watch.during(async () => [await bench.offer(kith, open, times)]);
    const after = await measureCapacity();
    const [load] = watched.results as [LoadResult];
    const row = { connections, factor, capacity: (before + after) / 2, load, watched };
    rows.push(row);
    bench.progress(describe(row));
    before = after;
  }
  await sleep(bench.options.isQuick ? 5_000 : 60_000);
  return { rows, quiet: watch.quiet, beforeMb, afterMb: readMemory(kith.pid) };
}

function describe({ connections, factor, capacity, load, watched }: OverloadRow): string {
  const share = (load.callsPerSecond / capacity).toFixed(2);
  return (
    `overload, ${connections} connections, ${factor}x: served ${load.callsPerSecond.toFixed(0)}/s ` +
    `(${share} of capacity), p99 ${load.sentP99Ms.toFixed(0)} ms; ` +
    `rejected ${JSON.stringify(load.failures)}, held back ${load.heldBack}; ` +
    `light p99 ${watched.light.p99Ms.toFixed(0)} ms, peak ${watched.peakMb.toFixed(0)} MB, ` +
    describeWait(watched)
  );
}
