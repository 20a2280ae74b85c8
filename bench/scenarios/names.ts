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
  "overload",
  "tenants",
  "strangers",
] as const;

/** The scenarios that show how Kith stands under load. Each has a file of results of its own. */
export const loadScenarioNames: readonly ScenarioName[] = ["overload", "tenants", "strangers"];

export type ScenarioName = (typeof scenarioNames)[number];
