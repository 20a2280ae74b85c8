import { serverKeyHeader } from "../../src/access/server-key.ts";
import type { Bench } from "../bench.ts";
import type { Shape } from "../contenders/fixtures.ts";
import type { Target } from "../load/generator.ts";
import type { LoadResult } from "../load/job.ts";
import type { Line } from "../report/line.ts";
import { median } from "../rounds.ts";
import type { Watch, Watched } from "../watch/watch.ts";
import type { LightRow } from "./light-lines.ts";
import { lightLines } from "./light-lines.ts";
import type { StrangersPart } from "./strangers.ts";

/** Syncs of one entry. */
export const oneEntry = {
  gRPC: {
    ...{ call: "sync", protocol: "grpc", contacts: 1, connections: 4, inFlight: 64 },
    readsStatus: true,
  },
  REST: { call: "sync", protocol: "rest", contacts: 1, connections: 64, inFlight: 64 },
} as const satisfies Record<string, Shape>;

interface Kind {
  readonly name: string;
  readonly target: Target;
  readonly call?: "unknown";
}

/** The CPU time of calls that are rejected, compared with that of a sync of one entry. Each round runs all of them. */
export async function measureRejectedCost(bench: Bench, watch: Watch): Promise<StrangersPart> {
  const { kith } = watch;
  const keyId =
    Buffer.from(kith.serverKey ?? "", "base64")
      .toString()
      .split(":")[0] ?? "";
  const wrongKey = serverKeyHeader({ id: keyId, secret: "wrong" });
  const unknownKey = serverKeyHeader({ id: "unknown", secret: "wrong" });
  const kinds: Kind[] = [
    { name: "calls without a key", target: { ...kith, serverKey: undefined } },
    { name: "calls with a wrong secret", target: { ...kith, serverKey: wrongKey } },
    { name: "calls with an unknown key", target: { ...kith, serverKey: unknownKey } },
    { name: "calls to an unknown path", target: kith, call: "unknown" },
    {
      name: "calls over a rate limit",
      target: await bench.createTenant(kith, { name: "limited", contactsPerSecond: 1 }),
    },
  ];
  const parts: StrangersPart[] = [];
  for (const [protocol, shape] of Object.entries(oneEntry)) {
    parts.push(await measureProtocol({ bench, watch, protocol, shape, kinds }));
  }
  return {
    lines: parts.flatMap(({ lines }) => lines),
    rows: parts.flatMap(({ rows }) => rows),
    details: parts.flatMap(({ details }) => details),
  };
}

async function measureProtocol(options: {
  readonly bench: Bench;
  readonly watch: Watch;
  readonly protocol: string;
  readonly shape: Shape;
  readonly kinds: readonly Kind[];
}): Promise<StrangersPart> {
  const { bench, watch, protocol, shape, kinds } = options;
  const sync: Kind = { name: "sync of one entry", target: watch.kith };
  const runs = new Map<Kind, Watched<LoadResult>[]>([sync, ...kinds].map((kind) => [kind, []]));
  // The first round only compiles the code of each kind.
  for (let round = 0; round <= bench.options.rounds; round++) {
    for (const [kind, done] of runs) {
      const { target, call = shape.call } = kind;
      const watched = await watch.during(async () => [
        await bench.offer(target, { ...shape, call }, { warmupSeconds: 0 }),
      ]);
      if (round === 0) continue;
      done.push(watched);
      bench.progress(
        `strangers, ${protocol}, ${kind.name}: ${microsOf(watched).toFixed(1)} µs of CPU per call, ` +
          `light p99 ${watched.light.p99Ms.toFixed(0)} ms, ${JSON.stringify(watched.results[0]?.failures)}`,
      );
    }
  }

  const micros = (kind: Kind) => median((runs.get(kind) ?? []).map(microsOf));
  const rows = kinds.map((kind): LightRow => {
    const lights = (runs.get(kind) ?? []).map(({ light }) => light);
    const [slowest] = lights.sort((a, b) => b.p99Ms - a.p99Ms);
    if (slowest === undefined) throw new Error("no round was measured");
    return { name: `${protocol} ${kind.name}`, light: slowest, quiet: watch.quiet };
  });
  const costLines = kinds.map(
    (kind): Line => ({
      subject: `${protocol} ${kind.name}, CPU per call`,
      value: micros(kind),
      unit: "µs",
      comparisons: [{ name: `${protocol} ${sync.name}`, reference: micros(sync), atMost: 0.5 }],
    }),
  );
  return {
    lines: [...costLines, ...rows.flatMap(lightLines)],
    rows,
    details: [...runs].map(([{ name }, rounds]) => ({ name: `${protocol} ${name}`, rounds })),
  };
}

/** CPU time of the service per call, in microseconds. */
function microsOf({ cpuSeconds, results }: Watched<LoadResult>): number {
  const calls = results.reduce((sum, { calls, failed }) => sum + calls + failed, 0);
  return (cpuSeconds * 1e6) / Math.max(1, calls);
}
