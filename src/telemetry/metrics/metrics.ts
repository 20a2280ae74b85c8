import type { KeyCacheCounts } from "../../access/key-verifier.ts";
import type { StoreObserver } from "../../contact/store-observer.ts";
import type { CallMetricsOptions, EndedCall } from "./call-metrics.ts";
import { createCallMetrics } from "./call-metrics.ts";
import { createProcessMetrics } from "./process-metrics.ts";
import type { MetricDescription } from "./registry.ts";
import { createMetricRegistry } from "./registry.ts";
import type { ServiceMetricsOptions } from "./service-metrics.ts";
import { createServiceMetrics } from "./service-metrics.ts";
import { createStoreMetrics } from "./store-metrics.ts";

export type MetricsOptions = Omit<CallMetricsOptions & ServiceMetricsOptions, "registry">;

/** The observers that the parts of the service report to, and the metrics that they count. */
export interface Metrics {
  readonly onCallEnd: (call: EndedCall) => void;
  readonly store: StoreObserver;
  readonly keyCache: KeyCacheCounts;
  /** All metrics in the text format of Prometheus. */
  text(): Promise<string>;
  /** The media type of the text. */
  readonly contentType: string;
  readonly descriptions: readonly MetricDescription[];
  /** Ends the measurements of the process. */
  stop(): void;
}

/** Creates all metrics of the service. */
export function createMetrics(options: MetricsOptions): Metrics {
  const registry = createMetricRegistry();
  return {
    onCallEnd: createCallMetrics({ ...options, registry }),
    store: createStoreMetrics(registry),
    keyCache: createServiceMetrics({ ...options, registry }),
    stop: createProcessMetrics(registry),
    text: registry.text,
    contentType: registry.contentType,
    descriptions: registry.descriptions,
  };
}
