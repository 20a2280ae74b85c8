import type { Bench } from "../bench.ts";
import type { Line } from "../report/line.ts";
import { measureFilled } from "./filled.ts";
import { measureLarge } from "./large.ts";
import { measureLatency } from "./latency.ts";
import { measureMemory } from "./memory.ts";
import type { ScenarioName } from "./names.ts";
import { measureCheck, measurePage } from "./reads.ts";
import { measureSingle } from "./single.ts";
import { measureStart } from "./start.ts";
import { measureThroughput } from "./throughput.ts";

/** Measures something, and says it in lines of the report. */
export type Scenario = (bench: Bench) => Promise<Line[]>;

export const scenarios: Readonly<Record<ScenarioName, Scenario>> = {
  throughput: measureThroughput,
  large: measureLarge,
  single: measureSingle,
  latency: measureLatency,
  page: measurePage,
  check: measureCheck,
  filled: measureFilled,
  memory: measureMemory,
  start: measureStart,
};
