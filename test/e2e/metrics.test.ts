import { execFileSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { errors } from "../../src/errors.ts";
import { version } from "../../src/version.ts";
import { readMetrics, sumOf } from "../support/metrics.ts";
import { startServiceForTest } from "../support/service.ts";
import { entry, openGrpc, syncOverGrpc, syncOverRest } from "./support/calls.ts";
import { eventually } from "./support/eventually.ts";
import { hasPromtool, promtoolMissing } from "./support/promtool.ts";
import { holdPair } from "./support/row-lock.ts";
import { serveOverProxy } from "./support/serve-over-proxy.ts";
import { serveForFile } from "./support/served.ts";

const served = serveForFile();
const syncContacts = "contact.v1.ContactService/SyncContacts";
const durationName = "rpc_server_call_duration_seconds";
const durationCount = `${durationName}_count`;

/** Waits until the metric has the value. A call ends some time after its client has the response. */
async function expectMetric(
  name: string,
  labels: Readonly<Record<string, string>>,
  value: number,
  url = served.url,
): Promise<void> {
  await eventually(`${name} is ${value}`, async () => {
    return sumOf(await readMetrics(url), name, labels) === value;
  });
}

test("/metrics needs no key and has the media type of Prometheus", async () => {
  const response = await fetch(`${served.url}/metrics`);
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
  expect(response.headers.get("cache-control")).toBe("no-store");
});

test.skipIf(!hasPromtool)(
  hasPromtool ? "promtool finds no problem" : `promtool: ${promtoolMissing}`,
  async () => {
    await syncOverRest(served, [entry("promtool", "b")]);
    const text = await (await fetch(`${served.url}/metrics`)).text();
    const output = execFileSync("promtool", ["check", "metrics"], { input: text, stdio: "pipe" });
    expect(String(output)).toBe("");
  },
);

describe("calls", () => {
  test("are counted by method, protocol and code", async () => {
    const service = await startServiceForTest();
    const { header } = await service.createApp();
    const target = { url: service.url, header };
    await syncOverRest(target, [entry("a", "b")]);
    await syncOverRest(target, []);
    const client = openGrpc(service.url);
    await syncOverGrpc(client, header, [["a", "c"]]).answer;
    client.close();
    await fetch(`${service.url}/nothing`);

    const count = (labels: Record<string, string>, value: number) =>
      expectMetric(durationCount, labels, value, service.url);
    const rpc = { rpc_method: syncContacts };
    await count({ ...rpc, rpc_system_name: "rest", rpc_response_status_code: "OK" }, 1);
    await count(
      { ...rpc, rpc_system_name: "rest", rpc_response_status_code: "INVALID_ARGUMENT" },
      1,
    );
    await count({ ...rpc, rpc_system_name: "grpc", rpc_response_status_code: "OK" }, 1);
    await count({ rpc_method: "_OTHER", rpc_response_status_code: "UNIMPLEMENTED" }, 1);
    await expectMetric("kith_call_errors_total", { reason: "PARAM_EMPTY" }, 1, service.url);
    await expectMetric("kith_call_errors_total", { reason: "NOT_FOUND" }, 1, service.url);
  });

  test("have their duration in seconds", async () => {
    const labels = { rpc_method: syncContacts, rpc_response_status_code: "OK" };
    const startedAt = performance.now();
    const before = sumOf(await readMetrics(served.url), `${durationName}_sum`, labels);
    const counted = sumOf(await readMetrics(served.url), durationCount, labels);
    await syncOverRest(served, [entry("duration", "b")]);
    await expectMetric(durationCount, labels, counted + 1);
    const samples = await readMetrics(served.url);
    const count = sumOf(samples, durationCount, labels);
    const all = { ...labels, le: "+Inf" };
    expect(sumOf(samples, `${durationName}_bucket`, all)).toBe(count);
    const seconds = sumOf(samples, `${durationName}_sum`, labels) - before;
    expect(seconds).toBeGreaterThan(0);
    expect(seconds).toBeLessThan((performance.now() - startedAt) / 1_000);
  });

  test("in flight are counted, the one that reads the metrics included", async () => {
    await expectMetric("kith_calls_in_flight", { rpc_method: "metrics" }, 1);
  });

  test("have errors for every reason of the table", async () => {
    const samples = await readMetrics(served.url);
    const found = samples.filter(({ name }) => name === "kith_call_errors_total");
    expect(found.map(({ labels }) => [labels.reason, labels.status])).toEqual(
      Object.entries(errors).map(([reason, { http }]) => [reason, String(http)]),
    );
  });
});

describe("the store", () => {
  test("counts changed contacts, transactions, and joined reads", async () => {
    const service = await startServiceForTest();
    const { header } = await service.createApp();
    const target = { url: service.url, header };
    const contacts = [entry("a", "b"), entry("a", "c"), entry("a", "c", true)];
    await syncOverRest(target, contacts);
    const read = await fetch(`${service.url}/v1/server/contact/list`, {
      method: "POST",
      headers: { "Server-Key": header, "Content-Type": "application/json" },
      body: JSON.stringify({ ownerXCUserID: "a" }),
    });
    expect(read.status).toBe(200);

    const samples = await readMetrics(service.url);
    expect(sumOf(samples, "kith_contacts_inserted_total")).toBe(2);
    expect(sumOf(samples, "kith_contacts_deleted_total")).toBe(1);
    const committed = { queue: "joined", outcome: "committed" };
    expect(sumOf(samples, "kith_sync_transactions_total", committed)).toBe(1);
    expect(sumOf(samples, "kith_sync_transactions_total")).toBe(1);
    expect(sumOf(samples, "kith_sync_transaction_requests_sum")).toBe(1);
    expect(sumOf(samples, "kith_sync_transaction_entries_sum")).toBe(3);
    expect(sumOf(samples, "kith_sync_queue_wait_seconds_count")).toBe(1);
    expect(sumOf(samples, "kith_sync_transaction_duration_seconds_count")).toBe(1);
    expect(sumOf(samples, "kith_joined_reads_total")).toBe(1);
    expect(sumOf(samples, "kith_joined_read_round_trips_total")).toBe(1);
    expect(sumOf(samples, "kith_key_cache_requests_total", { result: "miss" })).toBe(1);
    expect(sumOf(samples, "kith_key_cache_requests_total", { result: "hit" })).toBe(1);
    expect(sumOf(samples, "kith_database_state", { state: "ready" })).toBe(1);
  });
});

describe("what happens now", () => {
  test("a sync that waits for a lock is in flight, and was retried", async () => {
    const pair = ["metrics-locked", "b"] as const;
    await using held = await holdPair(served.service.databaseUrl, served.appId, pair);
    const answer = syncOverRest(served, [entry(...pair)]);
    const lockWaits = { queue: "lock-waits" };
    await expectMetric("kith_sync_requests_in_flight", lockWaits, 1);
    await expectMetric("kith_calls_in_flight", { rpc_method: syncContacts }, 1);
    await held.release();
    expect((await answer).status).toBe(200);
    await expectMetric("kith_sync_requests_in_flight", {}, 0);
    await expectMetric("kith_sync_retries_total", { cause: "lock" }, 1);
    const committed = { ...lockWaits, outcome: "committed" };
    await expectMetric("kith_sync_transactions_total", committed, 1);
  });

  test.each(["refuses", "is silent"] as const)(
    "a database that %s is unreachable",
    async (outage) => {
      await using stack = new AsyncDisposableStack();
      const { proxy, service } = await serveOverProxy(stack);
      await expectMetric("kith_database_state", { state: "ready" }, 1, service.url);
      await proxy.cut(outage);
      await expectMetric("kith_database_state", { state: "unreachable" }, 1, service.url);
      await expectMetric("kith_database_state", {}, 1, service.url);
      await proxy.restore();
      await expectMetric("kith_database_state", { state: "ready" }, 1, service.url);
    },
  );
});

test("the build has the versions", async () => {
  const labels = { version, commit: "0123abc", node: process.version };
  const service = await startServiceForTest({ BUILD_COMMIT: "0123abc" });
  expect(sumOf(await readMetrics(service.url), "kith_build_info", labels)).toBe(1);
});

describe("configuration", () => {
  test("METRICS=off turns them off", async () => {
    const service = await startServiceForTest({ METRICS: "off" });
    expect((await fetch(`${service.url}/metrics`)).status).toBe(404);
  });

  test("METRICS_PORT moves them to a port of their own", async () => {
    const service = await startServiceForTest({ METRICS_PORT: "0" });
    expect((await fetch(`${service.url}/metrics`)).status).toBe(404);
    const samples = await readMetrics(service.monitoringUrl);
    expect(sumOf(samples, "kith_build_info")).toBe(1);
    expect((await fetch(`${service.monitoringUrl}/readyz`)).status).toBe(404);
  });

  test("METRICS_APP_LABEL=on adds the name of the app", async () => {
    const service = await startServiceForTest({ METRICS_APP_LABEL: "on" });
    const { header, name } = await service.createApp();
    await syncOverRest({ url: service.url, header }, [entry("a", "b")]);
    await syncOverRest({ url: service.url, header: "no key" }, []);
    await expectMetric(durationCount, { app: name }, 1, service.url);
    await expectMetric(durationCount, { app: "", rpc_method: syncContacts }, 1, service.url);
  });

  test("the app is no label by default", async () => {
    await syncOverRest(served, [entry("label", "b")]);
    const samples = await readMetrics(served.url);
    expect(samples.filter(({ labels }) => "app" in labels)).toEqual([]);
  });
});
