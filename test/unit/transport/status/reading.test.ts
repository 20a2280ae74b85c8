import { describe, expect, test } from "vitest";

// The page is plain JavaScript, without types.
const directory = new URL("../../../../src/transport/status/", import.meta.url).pathname;
const { parseSamples } = await import(`${directory}samples.js`);
const { methodsBetween, serviceOf, valuesBetween } = await import(`${directory}reading.js`);

const duration = "rpc_server_call_duration_seconds";

/** The metrics after some syncs of 10 ms, and as many reads of the metrics. */
function reading(at: number, syncs: number, { startedAt = 1, rejected = 0, invalid = 0 } = {}) {
  const lines = ["a.B/Sync", "metrics"].flatMap((method) => [
    `${duration}_bucket{le="0.01",rpc_method="${method}",rpc_response_status_code="OK"} ${syncs}`,
    `${duration}_bucket{le="+Inf",rpc_method="${method}",rpc_response_status_code="OK"} ${syncs}`,
    `${duration}_count{rpc_method="${method}",rpc_response_status_code="OK"} ${syncs}`,
  ]);
  const text = [
    ...lines,
    `${duration}_count{rpc_method="_OTHER",rpc_response_status_code="UNIMPLEMENTED"} 3`,
    `kith_call_errors_total{reason="OVERLOADED",status="429"} ${rejected}`,
    `kith_call_errors_total{reason="PARAM_EMPTY",status="400"} ${invalid}`,
    `kith_sync_transaction_requests_sum ${syncs}`,
    `kith_sync_transaction_requests_count ${syncs / 10}`,
    'kith_database_state{state="ready"} 0',
    'kith_database_state{state="read-only"} 1',
    'kith_build_info{version="1.2.3",commit="",node="v24.0.0"} 1',
    `process_start_time_seconds ${startedAt}`,
    "process_resident_memory_bytes 104857600",
  ].join("\n");
  return { at, samples: parseSamples(text) };
}

describe("valuesBetween", () => {
  test("has rates of calls, without the reads of the metrics", () => {
    const before = reading(0, 100);
    const values = valuesBetween(before, reading(2_000, 300, { rejected: 8, invalid: 2 }));
    expect(values).toMatchObject({ calls: 100, rejected: 4, invalid: 1, failed: 0 });
    expect(values).toMatchObject({ requestsPerTransaction: 10, transactions: 10, resident: 100 });
    expect(values.p50).toBeCloseTo(0.005);
  });

  test("has no latency and no size of transactions if there were none", () => {
    const values = valuesBetween(reading(0, 100), reading(2_000, 100));
    expect(values).toMatchObject({ calls: 0, p99: null, requestsPerTransaction: null });
  });

  test("is null if the service has started again", () => {
    expect(valuesBetween(reading(0, 100), reading(2_000, 5, { startedAt: 2 }))).toBeNull();
  });
});

test("methodsBetween has a row for each method, the unknown ones last", () => {
  const rows = methodsBetween(reading(0, 100), reading(1_000, 120));
  expect(rows).toMatchObject([
    { method: "a.B/Sync", rate: 20, total: 120, failed: 0 },
    { method: "_OTHER", rate: 0, total: 3, failed: 3 },
  ]);
});

test("serviceOf has the state and the versions", () => {
  expect(serviceOf(reading(0, 100))).toMatchObject({
    database: "read-only",
    version: "1.2.3",
    node: "v24.0.0",
    startedAt: 1,
    callsSinceStart: 103,
  });
});
