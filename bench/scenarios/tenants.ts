import type { Bench } from "../bench.ts";
import type { Checkout } from "../contenders/checkout.ts";
import type { Shape } from "../contenders/fixtures.ts";
import { selectLists } from "../load/lists.ts";
import { selectHugeList } from "../load/long-read-requests.ts";
import type { Line } from "../report/line.ts";
import { fillContacts } from "../support/fill.ts";
import { describeWait, startWatch } from "../watch/watch.ts";
import type { LightRow } from "./light-lines.ts";
import { drawLightRows, lightLines } from "./light-lines.ts";

const grpc = (call: Shape["call"], contacts: number, inFlight = 64): Shape => ({
  ...{ call, protocol: "grpc", contacts, connections: 4, inFlight },
  readsStatus: true,
});

const loads = {
  manyOwners: grpc("sync-many-owners", 10_000),
  rest: { ...grpc("sync", 10_000), protocol: "rest", connections: 64 },
  check: grpc("check", 1_000),
  mutual: grpc("mutual", 100, 16),
  fingerprint: grpc("fingerprint", 1),
} as const satisfies Record<string, Shape>;

/** What one app asks for, at the same time. */
const rows: readonly (readonly [name: string, loads: readonly Shape[]])[] = [
  ["syncs of 10,000 owners x64", [loads.manyOwners]],
  ["REST syncs of 10,000 x64", [loads.rest]],
  ["CheckContacts of 1,000 x64", [loads.check]],
  ["ListMutualContacts x16", [loads.mutual]],
  ["FingerprintContacts x64", [loads.fingerprint]],
  ["ListMutualContacts x16 and FingerprintContacts x64", [loads.mutual, loads.fingerprint]],
];

/** The light app beside another app that asks for too much. */
export async function measureTenants(bench: Bench, checkout: Checkout): Promise<Line[]> {
  const { server, options } = bench;
  const hugeList = options.isQuick ? 100_000 : 1_000_000;
  const databaseUrl = await server.createDatabase();
  await using watch = await startWatch({
    ...{ bench, checkout, databaseUrl },
    async prepare(kith) {
      bench.progress(`tenants: inserting a list of ${hugeList.toLocaleString("en-US")} contacts`);
      const select = `${selectLists} UNION ALL ${selectHugeList(hugeList)}`;
      await fillContacts({ server, databaseUrl, select });
      await bench.offer(kith, { ...loads.check, contacts: 4 }, { seconds: 1 });
      await bench.offer(kith, { ...loads.rest, contacts: 4 }, { seconds: 1 });
    },
  });

  const { quiet } = watch;
  const measured: LightRow[] = [];
  const details: unknown[] = [{ name: "no load", light: quiet }];
  for (const [name, shapes] of rows) {
    const watched = await watch.during(() =>
      Promise.all(shapes.map((shape) => bench.offer(watch.kith, shape))),
    );
    const { light, results } = watched;
    measured.push({ name, light, quiet });
    details.push({ name, ...watched });
    const served = results.map(
      (result) => `${result.calls} served ${JSON.stringify(result.failures)}`,
    );
    bench.progress(
      `tenants, ${name}: ${served.join(" and ")}; light p50 ${light.p50Ms.toFixed(0)} ms, ` +
        `p99 ${light.p99Ms.toFixed(0)} ms, failed ${JSON.stringify(light.errors)}, ${describeWait(watched)}`,
    );
  }
  bench.details.set("tenants", details);
  bench.charts.set(
    "tenants",
    await drawLightRows({ title: "A small app beside one that asks for too much", rows: measured }),
  );
  return measured.flatMap(lightLines);
}
