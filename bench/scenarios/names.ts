/** The scenarios, in the order they run. */
export const scenarioNames = [
  "throughput",
  "large",
  "single",
  "latency",
  "page",
  "check",
  "filled",
  "memory",
  "start",
] as const;

export type ScenarioName = (typeof scenarioNames)[number];
