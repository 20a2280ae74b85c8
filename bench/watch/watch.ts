import type { Bench } from "../bench.ts";
import type { Checkout } from "../contenders/checkout.ts";
import type { Kith } from "../contenders/kith.ts";
import { poll } from "../support/processes.ts";
import type { LightApp } from "./light-app.ts";
import { startLightApp } from "./light-app.ts";
import type { LightFigures } from "./light-figures.ts";
import { lightFigures, recoveryMs } from "./light-figures.ts";
import { longestDelayMs, readLoopDelay } from "./loop-delay.ts";
import { readCoreWaitSeconds, readCpuSeconds, readMemory, watchMemory } from "./process-usage.ts";

/** The time in which a load was measured, in milliseconds since 1970. */
export interface LoadTime {
  readonly from: number;
  readonly to: number;
}

/** What was seen during a load. */
export interface Watched<R> {
  readonly results: readonly R[];
  /** The light app from the start of the load until its last answer. */
  readonly light: LightFigures;
  /** Most memory of the service, and its memory before, in megabytes. */
  readonly peakMb: number;
  readonly beforeMb: number;
  /** CPU time of the service, in seconds. */
  readonly cpuSeconds: number;
  /** The share of the time in which the service was ready to run but had no core, from 0 to 1. */
  readonly coreWaitShare: number;
  /** The longest delay of the service's event loop, rounded up to a limit of its histogram, in milliseconds. */
  readonly loopDelayMs: number;
  /** From the end of the load until the light app is normal again, in milliseconds. */
  readonly recoveryMs: number;
}

/** A new process of Kith with a light app beside it. Disposing of it stops both. */
export interface Watch extends AsyncDisposable {
  readonly kith: Kith;
  /** The light app without a load. */
  readonly quiet: LightFigures;
  /** Runs loads at the same time, and waits until the light app is normal again. */
  during<R extends LoadTime>(loads: () => Promise<readonly R[]>): Promise<Watched<R>>;
}

/** Longest time until the light app is normal again, in milliseconds. */
const recoveryLimitMs = 60_000;
/** A call of the light app that takes no longer is normal, whatever is usual, in milliseconds. */
const alwaysNormalMs = 50;

/**
 * Starts a process of Kith and the light app.
 *
 * @param prepare fills the database, and warms the service
 */
export async function startWatch(options: {
  readonly bench: Bench;
  readonly checkout: Checkout;
  readonly databaseUrl: string;
  readonly prepare: (kith: Kith) => Promise<unknown>;
}): Promise<Watch> {
  const { bench, checkout, databaseUrl, prepare } = options;
  await using stack = new AsyncDisposableStack();
  const kith = stack.use(await bench.deployments.startOne(databaseUrl, checkout));
  const { serverKey } = await bench.createTenant(kith, { name: "light" });
  await prepare(kith);
  const light = startLightApp({ port: kith.ports[0] as number, serverKey });
  stack.defer(() => light.stop());
  const quiet = await measureQuiet(light, bench.options.seconds);
  const normalMs = Math.max(alwaysNormalMs, 2 * quiet.p99Ms);
  const port = kith.ports[0] as number;

  async function during<R extends LoadTime>(
    loads: () => Promise<readonly R[]>,
  ): Promise<Watched<R>> {
    const delaysBefore = await readLoopDelay(port);
    const memory = watchMemory(kith.pid);
    const beforeMb = readMemory(kith.pid);
    const cpuBefore = readCpuSeconds(kith.pid);
    const waitBefore = readCoreWaitSeconds(kith.pid);
    const startedAt = epochNow();
    try {
      const results = await loads();
      const cpuSeconds = readCpuSeconds(kith.pid) - cpuBefore;
      const endedAt = epochNow();
      const waited = readCoreWaitSeconds(kith.pid) - waitBefore;
      await light.settled();
      const to = Math.max(...results.map((result) => result.to));
      await poll({
        check: async () => recoveryMs(light.calls, to, normalMs) !== undefined,
        everyMs: 50,
        limitMs: recoveryLimitMs,
        problem: "the light app was not normal again",
      }).catch((error) => bench.progress((error as Error).message));
      return {
        results,
        light: lightFigures(light.calls, Math.min(...results.map(({ from }) => from)), endedAt),
        peakMb: memory.takePeak(),
        ...{ beforeMb, cpuSeconds },
        coreWaitShare: (waited * 1_000) / (endedAt - startedAt),
        loopDelayMs: longestDelayMs(delaysBefore, await readLoopDelay(port)),
        recoveryMs: recoveryMs(light.calls, to, normalMs) ?? recoveryLimitMs,
      };
    } finally {
      memory.stop();
    }
  }

  const owned = stack.move();
  return { kith, quiet, during, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** Says how much other programs have disturbed a measurement. */
export function describeWait({ coreWaitShare }: Watched<unknown>): string {
  return `without a core ${(100 * coreWaitShare).toFixed(0)} % of the time`;
}

/** Measures the light app alone, after a second for its first connections. */
async function measureQuiet(light: LightApp, seconds: number): Promise<LightFigures> {
  const from = epochNow() + 1_000;
  await new Promise((resolve) => setTimeout(resolve, 1_000 + Math.max(2, seconds) * 1_000));
  const to = epochNow();
  await light.settled();
  return lightFigures(light.calls, from, to);
}

function epochNow(): number {
  return performance.timeOrigin + performance.now();
}
