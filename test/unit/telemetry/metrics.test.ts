import { describe, expect, onTestFinished, test } from "vitest";
import { planBatch } from "../../../src/contact/batch.ts";
import { PendingSync } from "../../../src/contact/pending-sync.ts";
import type { RunBatch } from "../../../src/contact/run-batch.ts";
import { observeReplacements, observeTransactions } from "../../../src/contact/store-observer.ts";
import type { QueueName } from "../../../src/contact/sync-queue.ts";
import { SyncQueue } from "../../../src/contact/sync-queue.ts";
import { fault } from "../../../src/errors.ts";
import type { EndedCall } from "../../../src/telemetry/metrics/call-metrics.ts";
import type { Metrics, MetricsOptions } from "../../../src/telemetry/metrics/metrics.ts";
import { createMetrics } from "../../../src/telemetry/metrics/metrics.ts";
import { parseSamples, sumOf } from "../../support/metrics.ts";

const signal = new AbortController().signal;

function create(options: Partial<MetricsOptions> = {}): Metrics {
  const metrics = createMetrics({
    hasAppLabel: false,
    callsInFlight: () => [],
    pool: { totalCount: 0, idleCount: 0, waitingCount: 0, options: { max: 10 } },
    databaseStates: ["ready", "unreachable"],
    databaseState: async () => "ready",
    droppedLogLines: () => 0,
    build: { version: "1.2.3", commit: "", node: "v24.0.0" },
    ...options,
  });
  onTestFinished(() => metrics.stop());
  return metrics;
}

async function readValue(
  metrics: Metrics,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): Promise<number> {
  return sumOf(parseSamples(await metrics.text()), name, labels);
}

function callOf(milliseconds: number, change: Partial<EndedCall> = {}): EndedCall {
  return {
    method: "a.B/C",
    protocol: "grpc",
    startedAt: performance.now() - milliseconds,
    principal: undefined,
    fault: undefined,
    ...change,
  };
}

describe("calls", () => {
  const bucket = "rpc_server_call_duration_seconds_bucket";

  test("are in each bucket whose bound is not below their duration", async () => {
    const metrics = create();
    metrics.onCallEnd(callOf(3_000));
    metrics.onCallEnd(callOf(60_000));
    expect(await readValue(metrics, bucket, { le: "2.5" })).toBe(0);
    expect(await readValue(metrics, bucket, { le: "5" })).toBe(1);
    expect(await readValue(metrics, bucket, { le: "10" })).toBe(1);
    expect(await readValue(metrics, bucket, { le: "+Inf" })).toBe(2);
    expect(await readValue(metrics, "rpc_server_call_duration_seconds_sum")).toBeCloseTo(63, 0);
  });

  test("have one series for each method, protocol and code", async () => {
    const metrics = create();
    const overloaded = fault("OVERLOADED");
    for (const method of ["a.B/C", "a.B/D"]) {
      for (const protocol of ["connect", "rest"]) {
        for (const each of [undefined, overloaded, overloaded]) {
          metrics.onCallEnd(callOf(1, { method, protocol, fault: each }));
        }
      }
    }
    const counts = parseSamples(await metrics.text()).filter(({ name }) =>
      name.endsWith("duration_seconds_count"),
    );
    const calls = counts.filter(({ name }) => name.startsWith("rpc_"));
    expect(calls).toHaveLength(8);
    expect(calls[3]).toEqual({
      name: "rpc_server_call_duration_seconds_count",
      labels: {
        rpc_method: "a.B/C",
        rpc_system_name: "rest",
        rpc_response_status_code: "RESOURCE_EXHAUSTED",
      },
      value: 2,
    });
    expect(await readValue(metrics, "kith_call_errors_total", { reason: "OVERLOADED" })).toBe(8);
    expect(await readValue(metrics, "kith_call_errors_total", { status: "429" })).toBe(8);
  });

  test("have the app only where the label is on", async () => {
    const call = callOf(1, { principal: { appName: 'my "app"\\' } });
    const [off, on] = [create(), create({ hasAppLabel: true })];
    off.onCallEnd(call);
    on.onCallEnd(call);
    expect(await off.text()).not.toContain("my ");
    expect(await on.text()).toContain('app="my \\"app\\"\\\\"');
  });

  test("in flight are counted by method", async () => {
    const calls = [{ method: "a.B/C" }, { method: "unknown" }, { method: "a.B/C" }];
    const metrics = create({ callsInFlight: () => calls });
    expect(await readValue(metrics, "kith_calls_in_flight", { rpc_method: "a.B/C" })).toBe(2);
    expect(await readValue(metrics, "kith_calls_in_flight", { rpc_method: "_OTHER" })).toBe(1);
  });
});

describe("transactions", () => {
  function pendingSync(ownerId: string): PendingSync {
    return new PendingSync(1, [{ ownerId, contactId: "x", isDeleted: false }], { signal });
  }

  async function run(metrics: Metrics, queue: QueueName, requests: PendingSync[], end: RunBatch) {
    const batch = planBatch(requests, { maxEntries: 100, isBusy: () => false });
    const limits = { queue, waitsForLocks: false, takesTurn: false };
    const runObserved = observeTransactions(end, metrics.store);
    await runObserved(batch, limits, () => {}).catch(() => {});
  }

  const commit: RunBatch = async ({ inserts, deletes }) => ({
    inserted: inserts,
    deleted: deletes,
  });
  const conflict: RunBatch = async () => undefined;
  const fail: RunBatch = async () => {
    throw fault("DEADLINE_EXCEEDED");
  };

  test.each([
    { queue: "joined", end: commit, outcome: "committed", cause: undefined, inserted: 2 },
    { queue: "joined", end: conflict, outcome: "conflict", cause: "conflict", inserted: 0 },
    { queue: "joined", end: fail, outcome: "failed", cause: undefined, inserted: 0 },
    { queue: "retries", end: commit, outcome: "committed", cause: "failure", inserted: 2 },
    { queue: "retries", end: conflict, outcome: "conflict", cause: "conflict", inserted: 0 },
    { queue: "lock-waits", end: fail, outcome: "failed", cause: "lock", inserted: 0 },
  ] as const)("of $queue that end as $outcome are counted", async (each) => {
    const metrics = create();
    await run(metrics, each.queue, [pendingSync("a"), pendingSync("b")], each.end);
    const labels = { queue: each.queue, outcome: each.outcome };
    expect(await readValue(metrics, "kith_sync_transactions_total", labels)).toBe(1);
    expect(await readValue(metrics, "kith_sync_transactions_total")).toBe(1);
    expect(await readValue(metrics, "kith_sync_transaction_requests_sum")).toBe(2);
    expect(await readValue(metrics, "kith_sync_transaction_entries_sum")).toBe(2);
    expect(await readValue(metrics, "kith_contacts_inserted_total")).toBe(each.inserted);
    expect(await readValue(metrics, "kith_sync_retries_total")).toBe(each.cause ? 2 : 0);
    const cause = { cause: each.cause ?? "conflict" };
    expect(await readValue(metrics, "kith_sync_retries_total", cause)).toBe(each.cause ? 2 : 0);
  });

  test("the wait of a retry begins when its transaction before ended", async () => {
    const metrics = create();
    const request = pendingSync("a");
    request.queuedAt = performance.now() - 7_000;
    await run(metrics, "joined", [request], conflict);
    expect(await readValue(metrics, "kith_sync_queue_wait_seconds_sum")).toBeCloseTo(7, 0);
    await run(metrics, "joined", [request], commit);
    expect(await readValue(metrics, "kith_sync_queue_wait_seconds_sum")).toBeCloseTo(7, 0);
    expect(await readValue(metrics, "kith_sync_queue_wait_seconds_count")).toBe(2);
  });

  test("queues are read when the metrics are", async () => {
    const metrics = create();
    const queue = new SyncQueue({ name: "joined", maxInFlight: 2, maxEntries: 100 });
    metrics.store.watchQueues([queue]);
    expect(await readValue(metrics, "kith_sync_queue_requests")).toBe(0);
    queue.pending.push(pendingSync("a"), pendingSync("b"));
    expect(await readValue(metrics, "kith_sync_queue_requests", { queue: "joined" })).toBe(2);
    expect(await readValue(metrics, "kith_sync_queue_entries", { queue: "joined" })).toBe(2);
  });

  test("replacements count their changes, unless they are dry runs", async () => {
    const metrics = create();
    const counts = { inserted: 3, deleted: 2, unchanged: 1 };
    const replacer = observeReplacements({ replace: async () => counts }, metrics.store);
    const replacement = { contactIds: [], expectedFingerprint: undefined };
    await replacer.replace(1, "a", { ...replacement, isDryRun: true }, { signal });
    expect(await readValue(metrics, "kith_contacts_inserted_total")).toBe(0);
    await replacer.replace(1, "a", { ...replacement, isDryRun: false }, { signal });
    expect(await readValue(metrics, "kith_contacts_inserted_total")).toBe(3);
    expect(await readValue(metrics, "kith_contacts_deleted_total")).toBe(2);
  });
});

test("connections, the state of the database, and dropped lines are read", async () => {
  const metrics = create({
    pool: { totalCount: 7, idleCount: 3, waitingCount: 2, options: { max: 10 } },
    databaseState: async () => "unreachable",
    droppedLogLines: () => 5,
  });
  expect(await readValue(metrics, "kith_database_connections", { state: "idle" })).toBe(3);
  expect(await readValue(metrics, "kith_database_connections", { state: "busy" })).toBe(4);
  expect(await readValue(metrics, "kith_database_connections_max")).toBe(10);
  expect(await readValue(metrics, "kith_database_connection_waiters")).toBe(2);
  expect(await readValue(metrics, "kith_database_state", { state: "unreachable" })).toBe(1);
  expect(await readValue(metrics, "kith_database_state", { state: "ready" })).toBe(0);
  expect(await readValue(metrics, "kith_log_lines_dropped_total")).toBe(5);
});

test("joined reads count their round trips", async () => {
  const metrics = create();
  metrics.store.onReads(3);
  metrics.store.onReads(1);
  expect(await readValue(metrics, "kith_joined_reads_total")).toBe(4);
  expect(await readValue(metrics, "kith_joined_read_round_trips_total")).toBe(2);
});
