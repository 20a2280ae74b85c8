import { expect, test } from "vitest";
import { HistogramSeries } from "../../../src/telemetry/metrics/histogram.ts";
import { mergeMetrics, sumCounts } from "../../../src/telemetry/metrics/merge.ts";
import type { MetricValues } from "../../../src/telemetry/metrics/registry.ts";
import { createMetricRegistry } from "../../../src/telemetry/metrics/registry.ts";
import { parseSamples, sumOf } from "../../support/metrics.ts";

/** The metrics of a process in which each value is this number. */
async function valuesOf(value: number): Promise<MetricValues> {
  const registry = createMetricRegistry();
  const sample = { labels: { kind: "a" }, value };
  const series = new HistogramSeries([1, 10]);
  for (let n = 0; n < value; n++) series.observe(5);
  registry.counter({ name: "calls_total", help: "x", labels: ["kind"], read: () => [sample] });
  registry.gauge({ name: "queue", help: "x", read: () => value });
  registry.gauge({ name: "state", help: "x", aggregator: "max", read: () => value });
  registry.gauge({ name: "start", help: "x", aggregator: "min", read: () => value });
  registry.histogram({
    ...{ name: "time", help: "x", labels: ["kind"], bounds: series.bounds },
    read: () => [{ labels: { kind: "a" }, series }],
  });
  // As after a message between processes.
  return JSON.parse(JSON.stringify(await registry.values()));
}

test("the metrics of several processes become one", async () => {
  const text = await mergeMetrics([await valuesOf(2), await valuesOf(3)]);
  const samples = parseSamples(text);
  expect(sumOf(samples, "calls_total", { kind: "a" })).toBe(5);
  expect(sumOf(samples, "queue")).toBe(5);
  expect(sumOf(samples, "state")).toBe(3);
  expect(sumOf(samples, "start")).toBe(2);
  expect(sumOf(samples, "time_bucket", { kind: "a", le: "1" })).toBe(0);
  expect(sumOf(samples, "time_bucket", { kind: "a", le: "10" })).toBe(5);
  expect(sumOf(samples, "time_bucket", { kind: "a", le: "+Inf" })).toBe(5);
  expect(sumOf(samples, "time_count", { kind: "a" })).toBe(5);
  expect(sumOf(samples, "time_sum", { kind: "a" })).toBe(25);
  expect(text.match(/^# TYPE calls_total counter$/gm)).toHaveLength(1);
});

test("counts of processes that have ended are kept, and their gauges are not", async () => {
  const ended = await sumCounts([await sumCounts([[], await valuesOf(2)]), await valuesOf(3)]);
  const samples = parseSamples(await mergeMetrics([await valuesOf(1), ended]));
  expect(sumOf(samples, "calls_total")).toBe(6);
  expect(sumOf(samples, "time_count")).toBe(6);
  expect(sumOf(samples, "queue")).toBe(1);
  expect(sumOf(samples, "state")).toBe(1);
});
