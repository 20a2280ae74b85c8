import type { RateLimiter } from "./access/rate-limiter.ts";
import type { PreparedDatabase } from "./database.ts";
import type { MetricValues } from "./telemetry/metrics/registry.ts";
import type { Port } from "./transport/port.ts";

/** The ports of the service: that of the calls, and that of `/metrics` and `/status` if they have one. */
export type PortName = "service" | "monitoring";

/** What a worker process shares with the others. The primary process provides it. */
export interface Primary {
  readonly database: PreparedDatabase;
  /** The connections that the primary hands to this worker. */
  openPort(name: PortName): Port;
  /**
   * @param read the metrics of this worker
   * @returns the metrics of the whole service, in the text format of Prometheus
   */
  shareMetrics(read: () => Promise<MetricValues>): () => Promise<string>;
  /** From now on all workers count together. */
  shareRateLimits(limiter: RateLimiter): void;
}
