import type { PerformanceEntry } from "node:perf_hooks";
import { constants, PerformanceObserver, performance } from "node:perf_hooks";
import { HistogramSeries } from "./histogram.ts";
import type { MetricRegistry } from "./registry.ts";

/** In seconds. */
const gcBounds = [0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1];
const delayBounds = [0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];
/** Time between two measurements of the delay of the event loop, in milliseconds. */
const delayIntervalMs = 100;

const gcKinds: Readonly<Record<number, string>> = {
  [constants.NODE_PERFORMANCE_GC_MAJOR]: "major",
  [constants.NODE_PERFORMANCE_GC_MINOR]: "minor",
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL]: "incremental",
  [constants.NODE_PERFORMANCE_GC_WEAKCB]: "weakcb",
};

/** An entry of type "gc". */
interface GcEntry extends PerformanceEntry {
  readonly detail: { readonly kind: number };
}

/** CPU time and memory of the process, with the usual names of Prometheus' clients. */
export function createUsageMetrics(registry: MetricRegistry): void {
  const startedAt = performance.timeOrigin / 1_000;
  registry.counter({
    name: "process_cpu_seconds_total",
    help: "CPU time of the process, in user mode and in system mode",
    read() {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1e6;
    },
  });
  registry.gauge({
    name: "process_start_time_seconds",
    help: "Start of the process, in seconds since 1970",
    aggregator: "min",
    read: () => startedAt,
  });
  registry.gauge({
    name: "process_resident_memory_bytes",
    help: "Memory of the process that is in RAM",
    read: () => process.memoryUsage.rss(),
  });
  registry.gauge({
    name: "nodejs_heap_size_total_bytes",
    help: "Size of the heap of V8",
    read: () => process.memoryUsage().heapTotal,
  });
  registry.gauge({
    name: "nodejs_heap_size_used_bytes",
    help: "Used part of the heap of V8",
    read: () => process.memoryUsage().heapUsed,
  });
  registry.gauge({
    name: "nodejs_external_memory_bytes",
    help: "Memory of objects outside of the heap of V8, buffers included",
    read: () => process.memoryUsage().external,
  });
}

/**
 * The metrics of the process. All durations are counted since the start, so that any number of readers can
 * take differences.
 *
 * @returns stops the measurements
 */
export function createProcessMetrics(registry: MetricRegistry): () => void {
  createUsageMetrics(registry);
  registry.counter({
    name: "nodejs_eventloop_time_seconds_total",
    help: "Time of the event loop: active, or idle",
    labels: ["state"],
    read() {
      const { active, idle } = performance.eventLoopUtilization();
      return [
        { labels: { state: "active" }, value: active / 1_000 },
        { labels: { state: "idle" }, value: idle / 1_000 },
      ];
    },
  });
  const stopDelays = measureEventLoopDelay(registry);
  const stopGc = measureGarbageCollection(registry);
  return () => {
    stopDelays();
    stopGc();
  };
}

function measureEventLoopDelay(registry: MetricRegistry): () => void {
  const series = new HistogramSeries(delayBounds);
  registry.histogram({
    name: "nodejs_eventloop_delay_seconds",
    help: "Delay of a timer, which shows how long the event loop is blocked",
    bounds: delayBounds,
    read: () => [{ labels: {}, series }],
  });
  let expectedAt = performance.now() + delayIntervalMs;
  const timer = setInterval(() => {
    const now = performance.now();
    series.observe(Math.max(0, now - expectedAt) / 1_000);
    expectedAt = now + delayIntervalMs;
  }, delayIntervalMs).unref();
  return () => clearInterval(timer);
}

function measureGarbageCollection(registry: MetricRegistry): () => void {
  const kinds = new Map(
    Object.values(gcKinds).map((kind) => [kind, new HistogramSeries(gcBounds)]),
  );
  registry.histogram({
    name: "nodejs_gc_duration_seconds",
    help: "Duration of garbage collections",
    labels: ["kind"],
    bounds: gcBounds,
    read: () => [...kinds].map(([kind, series]) => ({ labels: { kind }, series })),
  });
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      const { kind } = (entry as GcEntry).detail;
      kinds.get(gcKinds[kind] ?? "")?.observe(entry.duration / 1_000);
    }
  });
  observer.observe({ entryTypes: ["gc"] });
  return () => observer.disconnect();
}
