/** What the page shows: made of two readings of the metrics. */
import { buckets, difference, quantile, sum } from "./samples.js";

const durations = "rpc_server_call_duration_seconds";
const bytesPerMegabyte = 1_048_576;
const isCall = ({ rpc_method: method }) => method.includes("/") || method === "_OTHER";
const failedBy =
  (first, last) =>
  ({ status }) =>
    Number(status) >= first && Number(status) <= last;

/**
 * The values between two readings, or null if the service has started again between them.
 *
 * @param before the reading before: `{ samples, at }`, at in milliseconds
 * @param after the present reading
 */
export function valuesBetween(before, after) {
  const seconds = (after.at - before.at) / 1_000;
  const delta = (name, matches) =>
    sum(after.samples, name, matches) - sum(before.samples, name, matches);
  const rate = (name, matches) => delta(name, matches) / seconds;
  const now = (name, matches) => sum(after.samples, name, matches);
  const share = (of, name, matches) => {
    const added = difference(
      buckets(before.samples, name, matches),
      buckets(after.samples, name, matches),
    );
    return quantile(of, added);
  };
  const startedAt = (samples) => sum(samples, "process_start_time_seconds");
  if (startedAt(before.samples) !== startedAt(after.samples)) return null;

  const calls = rate(`${durations}_count`, isCall);
  const transactions = delta("kith_sync_transaction_requests_count");
  const roundTrips = delta("kith_joined_read_round_trips_total");
  return {
    calls,
    failed: rate("kith_call_errors_total", failedBy(500, 599)),
    rejected: rate("kith_call_errors_total", failedBy(429, 429)),
    invalid:
      rate("kith_call_errors_total", failedBy(400, 499)) -
      rate("kith_call_errors_total", failedBy(429, 429)),
    p50: share(0.5, durations, isCall),
    p95: share(0.95, durations, isCall),
    p99: share(0.99, durations, isCall),
    inFlight: now("kith_calls_in_flight", isCall),
    queued: now("kith_sync_queue_requests"),
    queueWait: share(0.99, "kith_sync_queue_wait_seconds"),
    transactions: transactions / seconds,
    requestsPerTransaction:
      transactions > 0 ? delta("kith_sync_transaction_requests_sum") / transactions : null,
    readsPerRoundTrip: roundTrips > 0 ? delta("kith_joined_reads_total") / roundTrips : null,
    busy: now("kith_database_connections", ({ state }) => state === "busy"),
    idle: now("kith_database_connections", ({ state }) => state === "idle"),
    waiting: now("kith_database_connection_waiters"),
    resident: now("process_resident_memory_bytes") / bytesPerMegabyte,
    heap: now("nodejs_heap_size_used_bytes") / bytesPerMegabyte,
    cpu: rate("process_cpu_seconds_total"),
    eventLoopDelay: share(0.99, "nodejs_eventloop_delay_seconds"),
    inserted: rate("kith_contacts_inserted_total"),
    deleted: rate("kith_contacts_deleted_total"),
  };
}

/** A row for each method that was called, by name. */
export function methodsBetween(before, after) {
  const seconds = (after.at - before.at) / 1_000;
  const found = (after.samples.get(`${durations}_count`) ?? []).map(({ labels }) => labels);
  const methods = [...new Set(found.filter(isCall).map(({ rpc_method: method }) => method))].sort(
    unknownLast,
  );
  return methods.map((method) => {
    const matches = ({ rpc_method: other }) => other === method;
    const isFailed = (labels) => matches(labels) && labels.rpc_response_status_code !== "OK";
    const added = difference(
      buckets(before.samples, durations, matches),
      buckets(after.samples, durations, matches),
    );
    return {
      method,
      rate: (added.at(-1)?.[1] ?? 0) / seconds,
      p50: quantile(0.5, added),
      p99: quantile(0.99, added),
      total: sum(after.samples, `${durations}_count`, matches),
      failed: sum(after.samples, `${durations}_count`, isFailed),
    };
  });
}

function unknownLast(a, b) {
  return Number(a === "_OTHER") - Number(b === "_OTHER") || a.localeCompare(b);
}

/** The state of the database, the versions, and the start of the process. */
export function serviceOf({ samples }) {
  const states = samples.get("kith_database_state") ?? [];
  const [build] = samples.get("kith_build_info") ?? [];
  return {
    // Workers can see different states. The last one is the worst.
    database: states.findLast(({ value }) => value === 1)?.labels.state ?? "unknown",
    ...build?.labels,
    startedAt: sum(samples, "process_start_time_seconds"),
    callsSinceStart: sum(samples, `${durations}_count`, isCall),
    maxConnections: sum(samples, "kith_database_connections_max"),
  };
}
