import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { serverKeyHeader } from "../../src/access/server-key.ts";
import type { TestDatabase } from "../support/database.ts";
import { createTestDatabase } from "../support/database.ts";
import { openRaw, parseHttp1 } from "../support/raw.ts";
import { entry, expectToServe, syncOverRest } from "./support/calls.ts";
import { eventually } from "./support/eventually.ts";
import { exchangeHttp2, openHttp2 } from "./support/http2.ts";
import { startProcess } from "./support/process.ts";

const key = { id: "boot", secret: randomBytes(24).toString("base64url") };
const header = serverKeyHeader(key);
const livez = "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

/** Starts a service whose drain delay is longer than any test. */
async function startWithDelay() {
  const service = startProcess({
    DATABASE_URL: database.url,
    BOOTSTRAP_SERVER_KEY: `${key.id}:${key.secret}`,
    DRAIN_DELAY_MS: "3600000",
  });
  const url = await service.url();
  const isReady = async () => (await fetch(`${url}/readyz`)).status === 200;
  return { service, url, port: Number(new URL(url).port), isReady };
}

test("in the drain delay the service is not ready, but accepts and serves requests", async () => {
  const { service, url, isReady } = await startWithDelay();
  await eventually("ready", isReady);
  service.signal("SIGTERM");
  await eventually("not ready", async () => !(await isReady()));
  expect((await fetch(`${url}/livez`)).status).toBe(200);
  await expectToServe({ url, header });
  service.signal("SIGKILL");
  expect(await service.exit()).toBe("SIGKILL");
});

test("in the drain delay a response over HTTP/1.1 closes its connection", async () => {
  const { service, url, port, isReady } = await startWithDelay();
  using connection = await openRaw(port);
  connection.send(livez);
  const before = await connection.until((received) => parseHttp1(received, false).length === 1);
  expect(String(before.bytes)).toMatch(/^connection: keep-alive\r$/im);

  service.signal("SIGTERM");
  await eventually("not ready", async () => !(await isReady()));
  connection.send(livez);
  const { bytes, closed } = await connection.until(() => false);
  const [, last] = parseHttp1(bytes, closed);
  expect(last?.status).toBe(200);
  expect(String(bytes.subarray(before.bytes.length))).toMatch(/^connection: close\r$/im);
  const { headers } = await syncOverRest({ url, header }, [entry("a", "b")]);
  expect(headers.get("connection")).toBe("close");
  service.signal("SIGKILL");
  await service.exit();
});

test("in the drain delay a connection of HTTP/2 stays open", async () => {
  const { service, port, isReady } = await startWithDelay();
  using session = openHttp2(port);
  const call = () => exchangeHttp2(session, { headers: { ":method": "GET", ":path": "/livez" } });
  expect((await call()).status).toBe(200);
  service.signal("SIGTERM");
  await eventually("not ready", async () => !(await isReady()));
  expect((await call()).status).toBe(200);
  expect(session.closed).toBe(false);
  service.signal("SIGKILL");
  await service.exit();
});
