/** The scenarios, in the order in which they run. */
export const scenarioNames = [
  "throughput",
  "large",
  "single",
  "latency",
  "page",
  "check",
  "contention",
  "replicas",
  "filled",
  "memory",
  "start",
] as const;

export type ScenarioName = (typeof scenarioNames)[number];
