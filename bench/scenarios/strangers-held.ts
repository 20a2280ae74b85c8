import type { Bench } from "../bench.ts";
import type { Line } from "../report/line.ts";
import type { Watch } from "../watch/watch.ts";
import { describeWait } from "../watch/watch.ts";
import type { LightRow } from "./light-lines.ts";
import { lightLines } from "./light-lines.ts";
import type { StrangersPart } from "./strangers.ts";

const kinds = [
  {
    name: "Health/Watch, 20 x 1,000 streams",
    connections: 20,
    streamsEach: 1_000,
    atMostMs: 1_000,
  },
  { name: "2,000 idle HTTP/2 connections", connections: 2_000, streamsEach: 0, atMostMs: 500 },
] as const;

/** Connections and streams that callers without a key hold open. */
export async function measureHeld(bench: Bench, watch: Watch): Promise<StrangersPart> {
  const port = watch.kith.ports[0] as number;
  const lines: Line[] = [];
  const rows: LightRow[] = [];
  const details: unknown[] = [];
  for (const { name, connections, streamsEach, atMostMs } of kinds) {
    const seconds = Math.max(2, bench.options.seconds);
    const watched = await watch.during(async () => [
      await bench.hold({ port, connections, streamsEach, seconds }),
    ]);
    const { light, peakMb, beforeMb, cpuSeconds, results } = watched;
    const row: LightRow = { name, light, quiet: watch.quiet, atMostMs };
    rows.push(row);
    details.push({ name, ...watched });
    const { openConnections, openStreams, mostStreams, endedStreams } = results[0] ?? {};
    bench.progress(
      `strangers, ${name}: ${openConnections} connections and ${openStreams} streams at the end, ` +
        `${mostStreams} streams at most, ${endedStreams} ended by the service, ` +
        `${cpuSeconds.toFixed(1)} s of CPU, ${beforeMb.toFixed(0)} to ${peakMb.toFixed(0)} MB, ` +
        `light p99 ${light.p99Ms.toFixed(0)} ms, ${describeWait(watched)}`,
    );
    lines.push(
      {
        subject: `${name}, memory above that before`,
        value: peakMb - beforeMb,
        unit: "MB",
        comparisons: [{ name: "", atMost: 50 }],
      },
      ...lightLines(row),
    );
  }
  return { lines, rows, details };
}
