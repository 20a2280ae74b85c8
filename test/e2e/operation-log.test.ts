import type { OutgoingHttpHeaders } from "node:http2";
import { describe, expect, test } from "vitest";
import { serverKeyHeader } from "../../src/access/server-key.ts";
import type { TestApp } from "../support/service.ts";
import { startServiceForTest } from "../support/service.ts";
import { encodeSync, entry, expectToServeWithRetries, restPath, rpcPath } from "./support/calls.ts";
import { eventually } from "./support/eventually.ts";
import { exchangeHttp2, grpcFrame, openHttp2 } from "./support/http2.ts";
import { holdPair } from "./support/row-lock.ts";
import { serveForFile } from "./support/served.ts";

const served = serveForFile();
const method = "contact.v1.ContactService/SyncContacts";

/** Ids that a test can find anywhere in a log. */
const owner = "owner-that-nobody-may-read";
const contact = "contact-that-nobody-may-read";
const long = "x".repeat(51);

let requests = 0;
const nextRequestId = () => `e2e-${++requests}`;

interface Sent {
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body: string | Uint8Array;
}

const json = (contacts: unknown) => JSON.stringify({ contacts });
const rest =
  (body: string, more = {}) =>
  (header: string) => ({
    path: restPath,
    headers: { "server-key": header, "content-type": "application/json", ...more },
    body,
  });
const rpc =
  (type: string, body: Sent["body"], more = {}) =>
  (header: string) => ({
    path: rpcPath,
    headers: { "server-key": header, "content-type": type, ...more },
    body,
  });
const grpc = (body: Uint8Array, more = {}) => rpc("application/grpc", body, more);

const tooLong = grpcFrame(encodeSync([owner, contact], [owner, long]));
const wrongKey = (app: TestApp) => serverKeyHeader({ id: app.key.id, secret: "wrong-secret" });

/** Faults of callers with a valid key. */
const known: { name: string; send: (header: string) => Sent; protocol: string; code: string }[] = [
  {
    name: "a bad entry, over REST",
    send: rest(json([entry(owner, contact), entry(owner, long)])),
    protocol: "rest",
    code: "INVALID_ARGUMENT",
  },
  {
    name: "broken JSON, over REST",
    send: rest(`{"contacts":"${owner}`),
    protocol: "rest",
    code: "INVALID_ARGUMENT",
  },
  {
    name: "another type, over REST",
    send: rest(owner, { "content-type": "text/plain" }),
    protocol: "rest",
    code: "UNIMPLEMENTED",
  },
  {
    name: "a bad entry, over gRPC",
    send: grpc(tooLong),
    protocol: "grpc",
    code: "INVALID_ARGUMENT",
  },
  {
    name: "no protobuf, over gRPC",
    send: grpc(grpcFrame(Buffer.from(`\xff${owner}`, "latin1"))),
    protocol: "grpc",
    code: "INVALID_ARGUMENT",
  },
  {
    name: "an unknown coding, over gRPC",
    send: grpc(tooLong, { "grpc-encoding": "pie" }),
    protocol: "grpc",
    code: "UNIMPLEMENTED",
  },
  {
    name: "a bad entry, over gRPC-Web",
    send: rpc("application/grpc-web+proto", tooLong),
    protocol: "grpc-web",
    code: "INVALID_ARGUMENT",
  },
  {
    name: "a bad entry, over Connect",
    send: rpc("application/json", json([entry(owner, long)])),
    protocol: "connect",
    code: "INVALID_ARGUMENT",
  },
];

async function send({ path, headers, body }: Sent, more: OutgoingHttpHeaders = {}) {
  using session = openHttp2(served.port);
  const all = { ":path": path, ...headers, ...more };
  return await exchangeHttp2(session, { headers: all, body: Buffer.from(body as string) });
}

/** The only line about a request. */
async function lineOf(requestId: string, logs = served.service.logs) {
  const lines = () => logs.filter((line) => line.requestId === requestId);
  await eventually(`a line about ${requestId}`, () => lines().length > 0);
  expect(lines()).toHaveLength(1);
  return lines()[0];
}

describe("a failed request is logged once, without its content:", () => {
  test.each(known)("$name", async ({ send: make, protocol, code }) => {
    const app = await served.service.createApp();
    const requestId = nextRequestId();
    await send(make(app.header), { "x-request-id": requestId });
    expect(await lineOf(requestId)).toMatchObject({
      msg: "request failed",
      app: app.name,
      keyId: app.key.id,
      method,
      protocol,
      code,
      durationMs: expect.any(Number),
    });
    expectNothingPrivate(served.service.logs, app);
  });

  test.each([
    { name: "over REST", make: rest, protocol: "rest" },
    {
      name: "over Connect",
      make: (body: string) => rpc("application/json", body),
      protocol: "connect",
    },
  ])("a wrong secret, $name", async ({ make, protocol }) => {
    const app = await served.service.createApp();
    const requestId = nextRequestId();
    const header = wrongKey(app);
    await send(make(json([entry(owner, contact)]))(header), { "x-request-id": requestId });
    const line = await lineOf(requestId);
    expect(line).toMatchObject({ method, protocol, code: "UNAUTHENTICATED" });
    // The caller has not proved to be that app.
    expect(line).not.toHaveProperty("app");
    expectNothingPrivate(served.service.logs, app);
    expect(JSON.stringify(served.service.logs)).not.toContain("wrong-secret");
    expect(JSON.stringify(served.service.logs)).not.toContain(header);
  });

  test("an unknown path", async () => {
    const requestId = nextRequestId();
    const { header } = await served.service.createApp();
    const sent = { ...rest(json([]))(header), path: `/${owner}` };
    await send(sent, { "x-request-id": requestId });
    expect(await lineOf(requestId)).toMatchObject({ code: "UNIMPLEMENTED" });
    expect(JSON.stringify(served.service.logs)).not.toContain(owner);
  });

  test.each([
    { name: "a deadline that is exceeded", cancels: false, code: "DEADLINE_EXCEEDED" },
    { name: "a caller that disconnected", cancels: true, code: "CANCELLED" },
  ])("$name while the database waited", async ({ cancels, code }) => {
    const service = await startServiceForTest(cancels ? {} : { REQUEST_TIMEOUT_MS: "1000" });
    const app = await service.createApp();
    // From now on the key is cached, so the line names the app even if the database is slow.
    await expectToServeWithRetries({ url: service.url, header: app.header });
    await using held = await holdPair(service.databaseUrl, app.id, [owner, contact]);
    const leaving = new AbortController();
    const { path, headers, body } = rest(json([entry(owner, contact)]))(app.header);
    const requestId = nextRequestId();
    const answer = fetch(service.url + path, {
      method: "POST",
      headers: { ...headers, "X-Request-Id": requestId },
      body,
      signal: leaving.signal,
    }).catch(() => undefined);
    if (cancels) {
      await held.untilWaiting(1);
      leaving.abort();
    }
    await answer;
    await held.untilWaiting(0);
    const line = await lineOf(requestId, service.logs);
    expect(line).toMatchObject({ app: app.name, keyId: app.key.id, method, code });
    expectNothingPrivate(service.logs, app);
  });
});

test("a request that succeeded quickly is not logged", async () => {
  const { header } = await served.service.createApp();
  const requestId = nextRequestId();
  await send(rest(json([entry(owner, contact)]))(header), { "x-request-id": requestId });
  const later = nextRequestId();
  await send(rest(json([]))(header), { "x-request-id": later });
  await lineOf(later);
  expect(served.service.logs.filter((line) => line.requestId === requestId)).toEqual([]);
});

describe("X-Request-Id", () => {
  const ways = [
    { way: "REST", make: rest(json([entry("a", "b")])) },
    { way: "REST, rejected", make: rest("{") },
    { way: "Connect", make: rpc("application/json", json([entry("a", "b")])) },
    { way: "gRPC", make: grpc(grpcFrame(encodeSync(["a", "b"]))) },
    { way: "gRPC, rejected", make: grpc(Buffer.alloc(3)) },
  ];

  test.each(ways)("is returned over $way", async ({ make }) => {
    const id = "Az09_.:/+=@-";
    const { headers } = await send(make(served.header), { "x-request-id": id });
    expect(headers["x-request-id"]).toBe(id);
  });

  test.each(ways)("is generated over $way, for each request", async ({ make }) => {
    const ids = [];
    for (const _ of [1, 2, 3]) ids.push((await send(make(served.header))).headers["x-request-id"]);
    expect(new Set(ids).size).toBe(3);
    for (const id of ids) expect(id).toMatch(/^\S{8,}$/);
  });

  test.each(["with spaces", 'a"b', "{}", "x".repeat(129), "é"])("is replaced: %j", async (id) => {
    const { headers } = await send(rest("{")(served.header), { "x-request-id": id });
    expect(headers["x-request-id"]).toMatch(/^[\w-]{8,64}$/);
  });
});

function expectNothingPrivate(logs: readonly unknown[], app: TestApp): void {
  const text = JSON.stringify(logs);
  for (const word of [owner, contact, long, app.key.secret, app.header]) {
    expect(text).not.toContain(word);
  }
}
