import type { EndedTransaction, StoreObserver } from "../../contact/store-observer.ts";
import type { QueueName, SyncQueue } from "../../contact/sync-queue.ts";
import { createBacklogMetrics } from "./backlog-metrics.ts";
import { HistogramSeries } from "./histogram.ts";
import type { MetricRegistry, Sample } from "./registry.ts";

const queueNames: readonly QueueName[] = ["joined", "retries", "lock-waits"];
const outcomes: readonly EndedTransaction["outcome"][] = ["committed", "conflict", "failed"];

/** In seconds. */
const durationBounds = [
  ...[0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
];
const requestBounds = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1_024];
const entryBounds = [1, 4, 16, 64, 256, 1_024, 4_096, 10_000];

/** The metrics of the contact store. */
export function createStoreMetrics(registry: MetricRegistry): StoreObserver {
  let queues: readonly SyncQueue[] = [];
  const backlogs = createBacklogMetrics(registry);
  const changes = { inserted: 0, deleted: 0 };
  const joinedReads = { roundTrips: 0, reads: 0 };
  const retries = { conflict: 0, failure: 0, lock: 0 };
  const transactions = new Map(
    queueNames.map((name) => [name, new Map(outcomes.map((outcome) => [outcome, 0]))]),
  );
  const waits = new HistogramSeries(durationBounds);
  const durations = new HistogramSeries(durationBounds);
  const requests = new HistogramSeries(requestBounds);
  const entries = new HistogramSeries(entryBounds);

  registry.counter({
    name: "kith_contacts_inserted_total",
    help: "Contacts that were really inserted",
    read: () => changes.inserted,
  });
  registry.counter({
    name: "kith_contacts_deleted_total",
    help: "Contacts that were really deleted",
    read: () => changes.deleted,
  });
  registry.counter({
    name: "kith_sync_transactions_total",
    help: "Transactions of syncs, by the queue of their requests and by outcome",
    labels: ["queue", "outcome"],
    read: () =>
      [...transactions].flatMap(([queue, counts]) =>
        [...counts].map(([outcome, value]) => ({ labels: { queue, outcome }, value })),
      ),
  });
  registry.histogram({
    name: "kith_sync_transaction_duration_seconds",
    help: "Time of a transaction of syncs in the database, the wait for a connection included",
    bounds: durationBounds,
    read: () => [{ labels: {}, series: durations }],
  });
  registry.histogram({
    name: "kith_sync_transaction_requests",
    help: "Requests that share a transaction",
    bounds: requestBounds,
    read: () => [{ labels: {}, series: requests }],
  });
  registry.histogram({
    name: "kith_sync_transaction_entries",
    help: "Entries of the requests that share a transaction",
    bounds: entryBounds,
    read: () => [{ labels: {}, series: entries }],
  });
  registry.histogram({
    name: "kith_sync_queue_wait_seconds",
    help: "Time that a request waits in a queue until its transaction begins",
    bounds: durationBounds,
    read: () => [{ labels: {}, series: waits }],
  });
  registry.counter({
    name: "kith_sync_retries_total",
    help: "Requests that ran again: after a conflict, alone after a failure, or alone to wait for a lock",
    labels: ["cause"],
    read: () => Object.entries(retries).map(([cause, value]) => ({ labels: { cause }, value })),
  });
  registry.gauge({
    name: "kith_sync_queue_requests",
    help: "Requests that wait for a transaction",
    labels: ["queue"],
    read: () => perQueue(queues, ({ pending }) => pending.length),
  });
  registry.gauge({
    name: "kith_sync_queue_entries",
    help: "Entries of the requests that wait for a transaction",
    labels: ["queue"],
    read: () =>
      perQueue(queues, ({ pending }) =>
        pending.reduce((sum, each) => sum + each.entries.length, 0),
      ),
  });
  registry.gauge({
    name: "kith_sync_requests_in_flight",
    help: "Requests whose transaction is in flight",
    labels: ["queue"],
    read: () => perQueue(queues, ({ requestsInFlight }) => requestsInFlight),
  });
  registry.counter({
    name: "kith_joined_reads_total",
    help: "Reads that may share a round trip to the database with others",
    read: () => joinedReads.reads,
  });
  registry.counter({
    name: "kith_joined_read_round_trips_total",
    help: "Round trips to the database with such reads",
    read: () => joinedReads.roundTrips,
  });

  return {
    watchQueues(watched) {
      queues = watched;
    },
    watchBacklogs: backlogs.watch,
    onTransaction({ queue, outcome, batch, startedAt, endedAt }) {
      const counts = transactions.get(queue);
      counts?.set(outcome, (counts.get(outcome) ?? 0) + 1);
      durations.observe((endedAt - startedAt) / 1_000);
      requests.observe(batch.requests.length);
      let count = 0;
      for (const request of batch.requests) {
        count += request.entries.length;
        waits.observe((startedAt - request.queuedAt) / 1_000);
      }
      entries.observe(count);
      // A request leaves the queue of its retries when its transaction ends without a conflict.
      if (outcome === "conflict") retries.conflict += batch.requests.length;
      else if (queue === "retries") retries.failure += batch.requests.length;
      else if (queue === "lock-waits") retries.lock += batch.requests.length;
    },
    onReads(count) {
      joinedReads.roundTrips += 1;
      joinedReads.reads += count;
    },
    onChange({ inserted, deleted }) {
      changes.inserted += inserted;
      changes.deleted += deleted;
    },
  };
}

function perQueue(queues: readonly SyncQueue[], read: (queue: SyncQueue) => number): Sample[] {
  return queues.map((queue) => ({ labels: { queue: queue.name }, value: read(queue) }));
}
