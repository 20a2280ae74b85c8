import type { Bench } from "../bench.ts";
import type { Shape } from "../contenders/fixtures.ts";
import type { Line } from "../report/line.ts";
import type { Watch } from "../watch/watch.ts";
import { describeWait } from "../watch/watch.ts";
import type { LightRow } from "./light-lines.ts";
import { lightLines } from "./light-lines.ts";
import type { StrangersPart } from "./strangers.ts";

const grpc = (call: Shape["call"]): Shape => ({
  ...{ call, protocol: "grpc", contacts: 1, connections: 4, inFlight: 64 },
  readsStatus: true,
});
const kinds: readonly (readonly [name: string, shape: Shape])[] = [
  ["8 MiB of tiny entries in gzip, x64", grpc("tiny-entries-gzip")],
  ["8 MiB of tiny entries, x64", grpc("tiny-entries")],
  [
    "8 MiB of tiny entries in JSON, x64",
    { ...grpc("tiny-entries"), protocol: "rest", connections: 64 },
  ],
];

/** Messages of the largest size that have millions of entries. All must be rejected. */
export async function measureTinyEntries(bench: Bench, watch: Watch): Promise<StrangersPart> {
  const lines: Line[] = [];
  const rows: LightRow[] = [];
  const details: unknown[] = [];
  for (const [name, shape] of kinds) {
    const watched = await watch.during(async () => [await bench.offer(watch.kith, shape)]);
    const { light, loopDelayMs, peakMb, beforeMb, results } = watched;
    const row: LightRow = { name, light, quiet: watch.quiet };
    rows.push(row);
    details.push({ name, ...watched });
    bench.progress(
      `strangers, ${name}: ${JSON.stringify(results[0]?.failures)}, loop delay ${loopDelayMs} ms, ` +
        `${beforeMb.toFixed(0)} to ${peakMb.toFixed(0)} MB, light p99 ${light.p99Ms.toFixed(0)} ms, ${describeWait(watched)}`,
    );
    lines.push(
      line(`${name}, delay of the event loop`, loopDelayMs, "ms", 100),
      line(`${name}, memory above that before`, peakMb - beforeMb, "MB", 150),
      line(`${name}, served`, results[0]?.calls ?? 0, "calls", 0),
      ...lightLines(row),
    );
  }
  return { lines, rows, details };
}

function line(subject: string, value: number, unit: Line["unit"], atMost: number): Line {
  return { subject, value, unit, comparisons: [{ name: "", atMost }] };
}
