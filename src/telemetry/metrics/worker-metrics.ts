import { createUsageMetrics } from "./process-metrics.ts";
import type { MetricRegistry, Sample } from "./registry.ts";
import { createMetricRegistry } from "./registry.ts";

export interface WorkerMetricsOptions {
  /** The number of workers that serve. */
  readonly workers: () => number;
  /** The number of workers that were started after another one had ended, by the reason of its end. */
  readonly replacements: () => readonly Sample[];
  readonly droppedLogLines: () => number;
}

/** The metrics of the primary process of a service with several workers. */
export function createWorkerMetrics(options: WorkerMetricsOptions): MetricRegistry {
  const registry = createMetricRegistry();
  registry.gauge({
    name: "kith_workers",
    help: "Worker processes that serve",
    read: options.workers,
  });
  registry.counter({
    name: "kith_worker_replacements_total",
    help: "Worker processes that were started because another one had ended, or did not respond and was killed",
    labels: ["reason"],
    read: options.replacements,
  });
  registry.counter({
    name: "kith_log_lines_dropped_total",
    help: "Log lines that could not be written",
    read: options.droppedLogLines,
  });
  createUsageMetrics(registry);
  return registry;
}
