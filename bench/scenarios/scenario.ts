import type { Bench } from "../bench.ts";
import type { Checkout } from "../contenders/checkout.ts";
import type { Line } from "../report/line.ts";
import { compareLines, compareWorkloads } from "./compare.ts";
import { measureContention } from "./contention.ts";
import { filledLoad, measureFilled } from "./filled.ts";
import { largeLoad, measureLarge } from "./large.ts";
import { createLatencyLoad, measureLatency } from "./latency.ts";
import { measureMemory } from "./memory.ts";
import type { ScenarioName } from "./names.ts";
import { measureOverload } from "./overload.ts";
import { compareRead, measureCheck, measurePage } from "./reads.ts";
import { measureReplicas } from "./replicas.ts";
import { measureSingle, singleLoad } from "./single.ts";
import { measureStart } from "./start.ts";
import { measureStrangers } from "./strangers.ts";
import { measureTenants } from "./tenants.ts";
import { measureThroughput, throughputLoads } from "./throughput.ts";

export interface Scenario {
  /** Measures Kith beside Postgres alone and plain services. */
  measure(bench: Bench): Promise<Line[]>;
  /** Measures Kith beside another checkout of Kith. */
  compare(bench: Bench): Promise<Line[]>;
}

type MeasureCheckout = (bench: Bench, checkout: Checkout) => Promise<Line[]>;

/** A scenario that measures one checkout after the other. */
function onOneCheckout(measure: MeasureCheckout): Scenario {
  return {
    measure: (bench) => measure(bench, bench.options.checkout),
    compare: (bench) => compareLines(bench, (checkout) => measure(bench, checkout)),
  };
}

/** Skips a scenario on systems without `/proc`. */
function onLinux(name: ScenarioName, measure: MeasureCheckout): MeasureCheckout {
  return async (bench, checkout) => {
    if (process.platform === "linux") return measure(bench, checkout);
    bench.progress(`${name}: skipped, because it needs /proc`);
    return [];
  };
}

export const scenarios: Readonly<Record<ScenarioName, Scenario>> = {
  throughput: {
    measure: measureThroughput,
    compare: (bench) => compareWorkloads(bench, "throughput", throughputLoads),
  },
  large: {
    measure: measureLarge,
    compare: (bench) => compareWorkloads(bench, "large", [largeLoad]),
  },
  single: {
    measure: measureSingle,
    compare: (bench) => compareWorkloads(bench, "single", [singleLoad]),
  },
  latency: {
    measure: measureLatency,
    compare: async (bench) => compareWorkloads(bench, "latency", [await createLatencyLoad(bench)]),
  },
  page: {
    measure: measurePage,
    compare: (bench) => compareRead(bench, "page"),
  },
  check: {
    measure: measureCheck,
    compare: (bench) => compareRead(bench, "check"),
  },
  contention: { measure: measureContention, compare: measureContention },
  replicas: {
    measure: (bench) => measureReplicas(bench, bench.options.checkout),
    compare: (bench) => compareLines(bench, (checkout) => measureReplicas(bench, checkout)),
  },
  filled: {
    measure: measureFilled,
    compare: (bench) => compareWorkloads(bench, "filled", [filledLoad]),
  },
  memory: onOneCheckout(onLinux("memory", measureMemory)),
  start: onOneCheckout(measureStart),
  overload: onOneCheckout(onLinux("overload", measureOverload)),
  tenants: onOneCheckout(onLinux("tenants", measureTenants)),
  strangers: onOneCheckout(onLinux("strangers", measureStrangers)),
};
