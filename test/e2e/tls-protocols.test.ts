import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { connect as connectPlain, createServer } from "node:net";
import type { ConnectionOptions } from "node:tls";
import { connect } from "node:tls";
import { create } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { SyncContactsRequestSchema } from "../../src/gen/contact/v1/contact_service_pb.ts";
import { Health, HealthCheckRequestSchema } from "../../src/gen/grpc/health/v1/health_pb.ts";
import { rpcClients } from "../support/clients.ts";
import { openRaw } from "../support/raw.ts";
import type { TestApp, TestService } from "../support/service.ts";
import { startService } from "../support/service.ts";
import { exchangeHttp2 } from "./support/http2.ts";
import { http2Preface } from "./support/http2-frames.ts";
import type { TlsFolder } from "./support/tls.ts";
import { getOverHttp1, makeTlsFolder, openSecureHttp2 } from "./support/tls.ts";

let folder: TlsFolder;
let service: TestService;
let app: TestApp;
let ca: string;

beforeAll(async () => {
  folder = makeTlsFolder();
  ca = folder.authority.cert;
  service = await startService(folder.env);
  app = await service.createApp();
});

afterAll(async () => {
  await service.stop();
  folder[Symbol.dispose]();
});

describe.each(Object.entries(rpcClients))("%s", (name, createClient) => {
  test("syncs contacts", async () => {
    const client = createClient(service.url, { tls: { ca } });
    const contacts = [{ ownerXcUserId: name, contactXcUserId: "bob" }];
    const headers = { "Server-Key": app.header };
    const answer = await client.sync(create(SyncContactsRequestSchema, { contacts }), headers);
    expect(answer.response?.countInserted).toBe(1n);
    client.close();
  });

  test("checks the health", async () => {
    const client = createClient(service.url, { tls: { ca } });
    const answer = await client.call(Health.method.check, create(HealthCheckRequestSchema));
    expect(answer.response?.status).toBe(1);
    client.close();
  });
});

test.each([
  { offered: ["http/1.1"], chosen: "http/1.1" },
  { offered: undefined, chosen: false },
])("HTTP/1.1 is served if the client offers $offered", async ({ offered, chosen }) => {
  const options = { ca, ALPNProtocols: offered as string[] };
  const { status, body, protocol } = await getOverHttp1(`${service.url}/readyz`, options);
  expect({ status, body, protocol }).toEqual({ status: 200, body: "ok\n", protocol: chosen });
});

test("HTTP/2 is served if the client offers it", async () => {
  using session = await openSecureHttp2(service.port, ca);
  expect(session.alpnProtocol).toBe("h2");
  const answer = await exchangeHttp2(session, {
    headers: { ":method": "GET", ":path": "/readyz" },
  });
  expect(answer.status).toBe(200);
});

const rejected: { name: string; options: ConnectionOptions }[] = [
  { name: "another protocol", options: { ALPNProtocols: ["smtp"] } },
  { name: "TLS 1.1", options: { minVersion: "TLSv1", maxVersion: "TLSv1.1" } },
  {
    name: "a cipher without forward secrecy",
    options: { maxVersion: "TLSv1.2", ciphers: "AES128-SHA" },
  },
];

test.each(rejected)("a client that offers only $name is rejected", async ({ options }) => {
  const socket = connect({ port: service.port, host: "127.0.0.1", ca, ...options });
  const [error] = await once(socket, "error");
  expect(error.code).toMatch(/ALERT|PROTOCOL/);
});

test("a client without TLS gets a response that says so", async () => {
  using connection = await openRaw(service.port);
  connection.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  const { bytes, closed } = await connection.until(() => false);
  expect(String(bytes)).toMatch(/^HTTP\/1\.1 400 .*This port serves TLS only/s);
  expect(closed).toBe(true);
});

test("a connection that begins like TLS and is not is closed", async () => {
  using connection = await openRaw(service.port);
  connection.send(Buffer.concat([Buffer.of(0x16), http2Preface]));
  const { closed } = await connection.until(() => false);
  expect(closed).toBe(true);
});

test("a failed handshake is logged only at debug", () => {
  expect(service.logs.filter(({ level }) => Number(level) >= 40)).toEqual([]);
});

test("clients that reset the connection within the handshake or a call do not delay the stop", async () => {
  // A connection that is left open would delay it for an hour.
  const service = await startService({ ...folder.env, SHUTDOWN_TIMEOUT_MS: "3600000" });
  const hello = await clientHello();
  for (const bytes of [1, 5, 50, hello.length - 1, hello.length]) {
    const socket = connectPlain(service.port, "127.0.0.1");
    await once(socket, "connect");
    await new Promise((sent) => socket.write(hello.subarray(0, bytes), sent));
    socket.resetAndDestroy();
  }
  for (const protocol of ["h2", "http/1.1"]) {
    const socket = connectPlain(service.port, "127.0.0.1");
    const secured = connect({ socket, host: "127.0.0.1", ca, ALPNProtocols: [protocol] });
    await once(secured, "secureConnect");
    const start = protocol === "h2" ? http2Preface : "GET / HTTP";
    await new Promise((sent) => secured.write(start, sent));
    socket.resetAndDestroy();
  }
  expect((await getOverHttp1(`${service.url}/livez`, { ca })).status).toBe(200);
  await service.stop();
});

/** The first bytes that a client with TLS sends. */
async function clientHello(): Promise<Buffer> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const client = connect({ port, host: "127.0.0.1" });
  client.on("error", () => {});
  const [socket] = await once(server, "connection");
  const [bytes] = await once(socket, "data");
  client.destroy();
  server.close();
  return bytes;
}
