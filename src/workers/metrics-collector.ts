import type { MetricValues } from "../telemetry/metrics/registry.ts";
import type { WorkerProcess } from "./worker-process.ts";

export interface MetricsCollectorOptions {
  /** The workers to ask. */
  readonly workers: ReadonlySet<WorkerProcess>;
  /** The metrics of the primary itself. */
  readonly own: () => Promise<MetricValues>;
  readonly merge: (processes: readonly MetricValues[]) => Promise<string>;
  readonly sumCounts: (processes: readonly MetricValues[]) => Promise<MetricValues>;
}

/** Collects the metrics of all workers. */
export interface MetricsCollector {
  /** The metrics of the service, in the text format of Prometheus. */
  text(): Promise<string>;
  /** Takes the answer of a worker to `read-metrics`. */
  receive(worker: WorkerProcess, id: number, values: MetricValues): void;
  /** Keeps the counts of a worker that has ended. */
  retire(worker: WorkerProcess): void;
}

/** The latest values of a worker that does not answer in this time are used, in milliseconds. */
const patienceMs = 2_000;

export function createMetricsCollector(options: MetricsCollectorOptions): MetricsCollector {
  const { workers, own, merge, sumCounts } = options;
  const latest = new Map<WorkerProcess, MetricValues>();
  const asked = new Map<number, Map<WorkerProcess, () => void>>();
  /** The counts of the workers that have ended, and the work that adds to them. */
  let ended: Promise<MetricValues> = Promise.resolve([]);
  let lastId = 0;

  async function askAll(): Promise<void> {
    const id = ++lastId;
    const answers = new Map<WorkerProcess, () => void>();
    asked.set(id, answers);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, patienceMs);
    });
    const all = Promise.all(
      [...workers].map(
        (worker) =>
          new Promise<void>((resolve) => {
            answers.set(worker, resolve);
            worker.send({ kind: "read-metrics", id });
          }),
      ),
    );
    await Promise.race([all, late]);
    clearTimeout(timer);
    asked.delete(id);
  }

  return {
    async text() {
      await askAll();
      const [primary, counts] = await Promise.all([own(), ended]);
      // The first process gives a metric its place and its type, so workers come first.
      return merge([...latest.values(), primary, counts]);
    },
    receive(worker, id, values) {
      if (!workers.has(worker)) return;
      latest.set(worker, values);
      asked.get(id)?.get(worker)?.();
    },
    retire(worker) {
      for (const answers of asked.values()) answers.get(worker)?.();
      const values = latest.get(worker);
      latest.delete(worker);
      if (values !== undefined) ended = ended.then((counts) => sumCounts([counts, values]));
    },
  };
}
