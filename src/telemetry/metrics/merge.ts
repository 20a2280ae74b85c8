import { AggregatorRegistry } from "prom-client";
import type { MetricValues } from "./registry.ts";

/** The metrics of several processes as one, in the text format of Prometheus. */
export function mergeMetrics(processes: readonly MetricValues[]): Promise<string> {
  return AggregatorRegistry.aggregate([...processes]).metrics();
}

/**
 * The counts of processes that have ended. Without them, the counters of the service would go back, which
 * Prometheus takes as a restart.
 */
export async function sumCounts(processes: readonly MetricValues[]): Promise<MetricValues> {
  const counts = processes.map((metrics) => metrics.filter(({ type }) => type !== "gauge"));
  const sums = await AggregatorRegistry.aggregate(counts).getMetricsAsJSON();
  return sums as unknown as MetricValues;
}
