import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { create } from "@bufbuild/protobuf";
import { afterEach, expect, onTestFinished, test, vi } from "vitest";
import { SyncContactsRequestSchema } from "../../src/gen/contact/v1/contact_service_pb.ts";
import { rpcClients } from "../support/clients.ts";
import type { TestApp, TestService } from "../support/service.ts";
import { startServiceForTest } from "../support/service.ts";
import { entry, openGrpc, restPath, syncOverGrpc, syncOverRest } from "./support/calls.ts";
import { eventually } from "./support/eventually.ts";
import type { Collector } from "./support/otlp.ts";
import { startGrpcCollector, startHttpCollector } from "./support/otlp.ts";
import { expectPrompt } from "./support/prompt.ts";
import { holdPair } from "./support/row-lock.ts";

const traceId = "0af7651916cd43dd8448eb211c80319c";
const parentSpanId = "b7ad6b7169203331";
const traceparent = `00-${traceId}-${parentSpanId}-01`;
const rpc = "contact.v1.ContactService/SyncContacts";
const rest = `POST ${restPath}`;

afterEach(() => {
  vi.unstubAllEnvs();
});

/** Starts a service that exports its spans to an endpoint. The exporter reads the environment itself. */
async function startTraced(
  endpoint: string,
  env: Record<string, string> = {},
): Promise<{ service: TestService; app: TestApp }> {
  const all = {
    OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
    OTEL_BSP_SCHEDULE_DELAY: "10",
    ...env,
  };
  for (const [name, value] of Object.entries(all)) vi.stubEnv(name, value);
  const service = await startServiceForTest(all);
  return { service, app: await service.createApp() };
}

async function startWithCollector(env: Record<string, string> = {}) {
  const collector = await startHttpCollector();
  onTestFinished(() => collector[Symbol.asyncDispose]());
  return { collector, ...(await startTraced(`http://127.0.0.1:${collector.port}`, env)) };
}

const message = create(SyncContactsRequestSchema, {
  contacts: [{ ownerXcUserId: "alice", contactXcUserId: "bob" }],
});

const protocols: [name: string, span: string][] = [
  ...Object.keys(rpcClients).map((name): [string, string] => [name, rpc]),
  ["REST", rest],
];

test.each(protocols)("a call over %s continues the trace of its caller", async (name, spanName) => {
  const { service, app, collector } = await startWithCollector();
  const headers = { "Server-Key": app.header, traceparent };
  const createClient = rpcClients[name];
  if (createClient === undefined) {
    const answer = await syncOverRest({ url: service.url, header: app.header }, [entry("a", "b")], {
      headers,
    });
    expect(answer.status).toBe(200);
  } else {
    const client = createClient(service.url);
    onTestFinished(() => client.close());
    expect((await client.sync(message, headers)).failure).toBeUndefined();
  }
  const call = await collector.find(spanName);
  expect(call).toMatchObject({ traceId, parentSpanId, kind: 2, status: 0 });

  const wait = await collector.find("wait in queue");
  const transaction = await collector.find("sync contact");
  expect(wait).toMatchObject({ traceId, parentSpanId: call.spanId });
  expect(transaction).toMatchObject({
    traceId,
    parentSpanId: call.spanId,
    kind: 3,
    links: [call.spanId],
    attributes: { "db.system.name": "postgresql", "kith.outcome": "committed" },
  });
  expect(call.links).toEqual([transaction.spanId]);
  expect(wait.end).toBeLessThanOrEqual(transaction.start);
  expect(call.start).toBeLessThanOrEqual(wait.start);
  expect(call.end).toBeGreaterThanOrEqual(transaction.end);
});

test("a joined transaction is linked to each call that it serves", async () => {
  const { service, app, collector } = await startWithCollector();
  const held = await holdPair(service.databaseUrl, app.id, ["alice", "locked"]);
  const client = openGrpc(service.url);
  onTestFinished(() => client.close());
  const send = (contact: string) =>
    syncOverGrpc(client, app.header, [["alice", contact]]).answer.then(() => {});
  const calls = [send("locked"), ...["b", "c", "d"].map(send)];
  await held[Symbol.asyncDispose]();
  await Promise.all(calls);
  await eventually("all spans", () => spansOf(collector, rpc).length === calls.length);

  const transactions = spansOf(collector, "sync contact");
  for (const { spanId, links } of spansOf(collector, rpc)) {
    const serving = transactions.filter((transaction) => transaction.links.includes(spanId));
    expect(serving.length).toBeGreaterThan(0);
    expect([...links].sort()).toEqual(serving.map((transaction) => transaction.spanId).sort());
  }
});

function spansOf({ spans }: Collector, name: string) {
  return spans.filter((span) => span.name === name);
}

test("spans are exported over gRPC, and name the service", async () => {
  await using collector = await startGrpcCollector();
  const { service, app } = await startTraced(`http://127.0.0.1:${collector.port}`, {
    OTEL_EXPORTER_OTLP_PROTOCOL: "grpc",
    OTEL_RESOURCE_ATTRIBUTES: "deployment.environment.name=test",
  });
  await syncOverRest({ url: service.url, header: app.header }, [entry("alice", "bob")]);
  await collector.find(rest);
  expect(collector.resource).toMatchObject({
    "service.name": "kith",
    "deployment.environment.name": "test",
  });
});

test("a failed call has its error, and its log line has the ids of the trace", async () => {
  const { service, app, collector } = await startWithCollector();
  const answer = await syncOverRest({ url: service.url, header: app.header }, [entry("", "bob")], {
    headers: { traceparent },
  });
  expect(answer.status).toBe(400);
  const call = await collector.find(rest);
  expect(call).toMatchObject({
    status: 0,
    attributes: { "http.response.status_code": 400, "error.type": "PARAM_REQUIRED" },
  });
  expect(service.logs).toContainEqual(
    expect.objectContaining({ msg: "request failed", traceId, spanId: call.spanId }),
  );
});

test("a traceparent that is not valid is ignored", async () => {
  const { service, app, collector } = await startWithCollector();
  const headers = { traceparent: `00-${"0".repeat(32)}-${parentSpanId}-01` };
  await syncOverRest({ url: service.url, header: app.header }, [entry("a", "b")], { headers });
  expect(await collector.find(rest)).toMatchObject({ parentSpanId: "" });
});

test("a call that its caller does not sample has no span", async () => {
  const { service, app, collector } = await startWithCollector();
  const target = { url: service.url, header: app.header };
  await syncOverRest(target, [entry("a", "b")], {
    headers: { traceparent: traceparent.replace(/01$/, "00") },
  });
  await syncOverRest(target, [entry("a", "c")]);
  await collector.find(rest);
  expect(collector.spans.filter((span) => span.traceId === traceId)).toEqual([]);
});

test("no span has an id of a user, a secret, or a header of the caller", async () => {
  const { service, app, collector } = await startWithCollector();
  await syncOverRest({ url: service.url, header: app.header }, [entry("hunter2", "swordfish")]);
  await collector.find("sync contact");
  await collector.find(rest);
  const text = JSON.stringify(collector.spans, (_, value) =>
    typeof value === "bigint" ? String(value) : value,
  );
  for (const secret of ["hunter2", "swordfish", app.header, app.key.id, app.name]) {
    expect(text).not.toContain(secret);
  }
});

test("spans that are left are exported when the service stops", async () => {
  const { service, app, collector } = await startWithCollector({
    OTEL_BSP_SCHEDULE_DELAY: "999999999",
  });
  await syncOverRest({ url: service.url, header: app.header }, [entry("a", "b")]);
  expect(collector.spans).toEqual([]);
  await service.app.close();
  expect(spansOf(collector, rest)).toHaveLength(1);
});

test("a collector that does not answer delays neither calls nor the stop", async () => {
  const silent = createServer(() => {}).listen(0, "127.0.0.1");
  await once(silent, "listening");
  onTestFinished(() => void silent.close());
  const { port } = silent.address() as AddressInfo;
  const { service, app } = await startTraced(`http://127.0.0.1:${port}`, {
    SHUTDOWN_TIMEOUT_MS: "100",
  });
  const answer = await syncOverRest({ url: service.url, header: app.header }, [entry("a", "b")]);
  expect(answer.status).toBe(200);
  await expectPrompt(async () => void (await service.app.close()));
});

test("an unreachable collector is logged once", async () => {
  const { service, app } = await startTraced("http://127.0.0.1:1", {
    OTEL_EXPORTER_OTLP_TIMEOUT: "10",
  });
  const target = { url: service.url, header: app.header };
  const failures = () => service.logs.filter(({ msg }) => msg === "spans cannot be exported");
  await syncOverRest(target, [entry("a", "b")]);
  await eventually("the failure is logged", () => failures().length > 0);
  for (const contact of ["c", "d"]) await syncOverRest(target, [entry("a", contact)]);
  await service.app.close();
  expect(failures()).toHaveLength(1);
});
