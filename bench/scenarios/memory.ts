import type { Bench } from "../bench.ts";
import type { Checkout } from "../contenders/checkout.ts";
import type { Shape } from "../contenders/fixtures.ts";
import type { Line } from "../report/line.ts";
import { readPeakMemory } from "../watch/process-usage.ts";

interface Case {
  readonly subject: string;
  readonly shape: Shape;
  readonly atMost: number;
  /** Whether the load is more than Kith accepts, so that it rejects calls. */
  readonly isOverload: boolean;
}

const cases: readonly Case[] = [
  {
    subject: "Kith gRPC, 256 in flight, peak memory",
    shape: { call: "sync", protocol: "grpc", contacts: 4, connections: 4, inFlight: 256 },
    atMost: 200,
    isOverload: false,
  },
  {
    subject: "Kith gRPC, 64 in flight of 10,000 contacts, peak memory",
    shape: { call: "sync", protocol: "grpc", contacts: 10_000, connections: 4, inFlight: 64 },
    atMost: 400,
    isOverload: true,
  },
];

/** The peak memory of a Kith process. Each case has a new process. Linux only. */
export async function measureMemory(bench: Bench, checkout: Checkout): Promise<Line[]> {
  const databaseUrl = await bench.server.createDatabase();
  const lines: Line[] = [];
  for (const { subject, shape, atMost, isOverload } of cases) {
    await using kith = await bench.deployments.startOne(databaseUrl, checkout);
    await (isOverload ? bench.offer(kith, shape) : bench.runLoad(kith, shape));
    const value = readPeakMemory(kith.pid);
    bench.progress(`${subject}: ${value.toFixed(0)} MB`);
    lines.push({ subject, value, unit: "MB", comparisons: [{ name: "", atMost }] });
  }
  return lines;
}
