import { expect, test } from "vitest";
import { parseSamples, sumOf } from "../support/metrics.ts";
import { syncOverGrpc } from "./support/calls.ts";
import { eventually } from "./support/eventually.ts";
import { keepConnection, startWorkers } from "./support/workers.ts";

test.each([
  { where: "on the port of the service", env: {} },
  { where: "on a port of their own", env: { METRICS_PORT: "0" } },
])("metrics $where are those of all workers, and survive a worker", async ({ env }) => {
  await using workers = await startWorkers(env);
  const page = await workers.service.untilOutput(/Status +\S+\/status(?=\n)/);
  const port = Number(/:(\d+)\/status/.exec(page)?.[1]);
  using first = keepConnection(port, workers.header);
  using second = keepConnection(port, workers.header);
  const read = async (connection = first) => {
    const { body } = await connection.get("/metrics");
    return { body, samples: parseSamples(body) };
  };
  const syncs = { rpc_method: "contact.v1.ContactService/SyncContacts" };
  const countOf = (samples: ReturnType<typeof parseSamples>) =>
    sumOf(samples, "rpc_server_call_duration_seconds_count", syncs);

  for (const client of workers.openClients(4)) {
    await syncOverGrpc(client, workers.header, [["a", "b"]]).answer;
  }
  await eventually("both see all calls", async () => {
    const seen = [await read(first), await read(second)].map(({ samples }) => countOf(samples));
    return seen.join() === "4,4";
  });
  const { body, samples } = await read();
  expect(body.match(/^kith_build_info/gm)).toHaveLength(1);
  expect(body.match(/^# TYPE rpc_server_call_duration_seconds histogram$/gm)).toHaveLength(1);
  expect(sumOf(samples, "kith_build_info")).toBe(1);
  expect(sumOf(samples, "kith_workers")).toBe(2);
  expect(sumOf(samples, "kith_worker_replacements_total")).toBe(0);
  expect(sumOf(samples, "kith_database_connections_max")).toBe(20);
  expect(sumOf(samples, "kith_database_state", { state: "ready" })).toBe(1);
  const startedAt = sumOf(samples, "process_start_time_seconds");
  expect(Math.abs(startedAt - Date.now() / 1_000)).toBeLessThan(3_600);

  for (const { pid } of workers.started()) process.kill(pid, "SIGKILL");
  await eventually("both are replaced", () => workers.started().length === 4);
  using third = keepConnection(port, workers.header);
  const later = (await read(third)).samples;
  expect(countOf(later)).toBe(4);
  expect(sumOf(later, "kith_contacts_inserted_total")).toBe(1);
  expect(sumOf(later, "kith_worker_replacements_total")).toBe(2);
  expect(sumOf(later, "kith_database_connections_max")).toBe(20);
  expect((await third.get("/status")).status).toBe(200);
});

test("no metrics are served with METRICS=off", async () => {
  await using workers = await startWorkers({ METRICS: "off" });
  expect((await fetch(`${workers.url}/metrics`)).status).toBe(404);
});
