import { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { HistogramSeries } from "./histogram.ts";

export type Labels = Readonly<Record<string, string>>;

/** The value of a metric for some labels. */
export interface Sample {
  readonly labels: Labels;
  readonly value: number;
}

export interface HistogramSample {
  readonly labels: Labels;
  readonly series: HistogramSeries;
}

export interface MetricOptions<T> {
  /** The name, with the unit by the conventions of Prometheus. */
  readonly name: string;
  /** One sentence without a full stop at the end. */
  readonly help: string;
  /** The names of the labels. */
  readonly labels?: readonly string[];
  /** Reads the values when the metrics are collected. */
  readonly read: () => T | Promise<T>;
}

/** The metrics of the service. Each is read when it is collected, so counting costs only an addition. */
export interface MetricRegistry {
  counter(options: MetricOptions<number | Iterable<Sample>>): void;
  gauge(options: MetricOptions<number | Iterable<Sample>>): void;
  histogram(
    options: MetricOptions<Iterable<HistogramSample>> & { readonly bounds: readonly number[] },
  ): void;
  /** All metrics in the text format of Prometheus. */
  text(): Promise<string>;
  readonly contentType: string;
  /** The description of each metric, without its values. */
  readonly descriptions: readonly MetricDescription[];
}

export interface MetricDescription {
  readonly name: string;
  readonly type: "counter" | "gauge" | "histogram";
  readonly labels: readonly string[];
  readonly help: string;
}

export function createMetricRegistry(): MetricRegistry {
  const registry = new Registry();
  const registers = [registry];
  const descriptions: MetricDescription[] = [];
  return {
    descriptions,
    counter({ name, help, labels = [], read }) {
      descriptions.push({ name, type: "counter", labels, help });
      new Counter({
        ...{ name, help, labelNames: labels, registers },
        async collect() {
          const samples = samplesOf(await read());
          this.reset();
          for (const sample of samples) this.inc(sample.labels, sample.value);
        },
      });
    },
    gauge({ name, help, labels = [], read }) {
      descriptions.push({ name, type: "gauge", labels, help });
      new Gauge({
        ...{ name, help, labelNames: labels, registers },
        async collect() {
          const samples = samplesOf(await read());
          this.reset();
          for (const sample of samples) this.set(sample.labels, sample.value);
        },
      });
    },
    histogram({ name, help, labels = [], bounds, read }) {
      descriptions.push({ name, type: "histogram", labels, help });
      const buckets = [...bounds];
      new SeriesHistogram({ name, help, labelNames: labels, buckets, registers }, read);
    },
    text: () => registry.metrics(),
    contentType: registry.contentType,
  };
}

function samplesOf(value: number | Iterable<Sample>): Iterable<Sample> {
  return typeof value === "number" ? [{ labels: {}, value }] : value;
}

/** A histogram whose observations are counted outside of prom-client. */
class SeriesHistogram extends Histogram {
  readonly #config: ConstructorParameters<typeof Histogram>[0];
  readonly #read: MetricOptions<Iterable<HistogramSample>>["read"];

  constructor(
    config: ConstructorParameters<typeof Histogram>[0],
    read: MetricOptions<Iterable<HistogramSample>>["read"],
  ) {
    super(config);
    this.#config = config;
    this.#read = read;
  }

  /** Called by the registry for the text, and by `get` for JSON. */
  async getForPromString() {
    const { name, help } = this.#config;
    const values = [...(await this.#read())].flatMap((sample) => valuesOf(name, sample));
    return { name, help, type: "histogram", values, aggregator: "sum" };
  }
}

function valuesOf(name: string, { labels, series }: HistogramSample) {
  const { bounds, counts, sum } = series;
  let count = 0;
  const buckets = Array.from(counts, (inBucket, n) => {
    count += inBucket;
    const le = bounds[n] ?? "+Inf";
    return { metricName: `${name}_bucket`, labels: { le }, sharedLabels: labels, value: count };
  });
  return [
    ...buckets,
    { metricName: `${name}_sum`, labels: {}, sharedLabels: labels, value: sum },
    { metricName: `${name}_count`, labels: {}, sharedLabels: labels, value: count },
  ];
}
