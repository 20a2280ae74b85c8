import type { AddressInfo } from "node:net";
import type { CallLifecycle } from "./api/call-lifecycle.ts";
import type { Config } from "./config.ts";
import type { Primary } from "./primary.ts";
import type { DatabaseState } from "./storage/readiness.ts";
import { databaseStates } from "./storage/readiness.ts";
import type { CallMetricsOptions } from "./telemetry/metrics/call-metrics.ts";
import type { Metrics } from "./telemetry/metrics/metrics.ts";
import type { PoolCounts } from "./telemetry/metrics/service-metrics.ts";
import type { HttpRoutes } from "./transport/http-route.ts";
import type { ListenerOptions } from "./transport/listener.ts";
import { createListener } from "./transport/listener.ts";
import { createMetricsRoutes } from "./transport/metrics.ts";
import type { PortAddress } from "./transport/port.ts";
import { createRequestHandler } from "./transport/request-handler.ts";
import { createStatusRoutes } from "./transport/status/routes.ts";
import { version } from "./version.ts";

export interface MonitoringOptions extends Pick<CallMetricsOptions, "callsInFlight"> {
  readonly config: Config;
  readonly pool: PoolCounts;
  readonly databaseState: () => Promise<DatabaseState>;
  readonly droppedLogLines: () => number;
  /** Present in a worker process: the text has the metrics of all workers. */
  readonly shareMetrics: Primary["shareMetrics"] | undefined;
}

/** The metrics, and the routes that show them. */
export interface Monitoring extends Pick<Metrics, "onCallEnd" | "store" | "keyCache" | "stop"> {
  readonly routes: HttpRoutes;
}

/** @returns undefined if metrics are off. The packages that they need are loaded only if they are on. */
export async function startMonitoring(options: MonitoringOptions): Promise<Monitoring | undefined> {
  const { metrics: isOn, metricsAppLabel, buildCommit } = options.config;
  if (!isOn) return undefined;
  const { createMetrics } = await import("./telemetry/metrics/metrics.ts");
  const metrics = createMetrics({
    ...options,
    databaseStates,
    hasAppLabel: metricsAppLabel,
    build: { version, commit: buildCommit ?? "", node: process.version },
  });
  const text = options.shareMetrics?.(metrics.values) ?? metrics.text;
  const { contentType } = metrics;
  return {
    ...metrics,
    routes: new Map([...createMetricsRoutes({ text, contentType }), ...createStatusRoutes()]),
  };
}

export interface MonitoringListenerOptions
  extends Pick<ListenerOptions, "silenceMs" | "keepAliveMs" | "idleMs" | "port"> {
  readonly routes: HttpRoutes;
  readonly lifecycle: CallLifecycle;
}

/** A listener of HTTP for the routes of monitoring alone. */
export interface MonitoringListener {
  /** @throws Error of the system, such as EADDRINUSE */
  listen(address: PortAddress): Promise<AddressInfo>;
  /** Closes all connections. */
  close(): Promise<void>;
}

export function createMonitoringListener(options: MonitoringListenerOptions): MonitoringListener {
  const handler = createRequestHandler(options);
  const listener = createListener({ ...options, handler, grpc: () => false });
  return {
    listen: listener.listen,
    async close() {
      const drained = listener.drain();
      listener.destroy();
      await drained;
    },
  };
}
