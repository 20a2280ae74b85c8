import { once } from "node:events";
import { describe, expect, test } from "vitest";
import { encodeSync, restPath, rpcPath } from "./support/calls.ts";
import type { Http2Answer } from "./support/http2.ts";
import { exchangeHttp2, grpcFrame, grpcStatusOf, openHttp2 } from "./support/http2.ts";
import { serveForFile } from "./support/served.ts";

const served = serveForFile();

const json = Buffer.from('{"contacts":[{"ownerXCUserID":"a","contactXCUserID":"b"}]}');
const message = grpcFrame(encodeSync(["a", "b"]));

const restHeaders = () => ({
  ":path": restPath,
  "content-type": "application/json",
  "server-key": served.header,
});
const grpcHeaders = () => ({
  ":path": rpcPath,
  "content-type": "application/grpc",
  te: "trailers",
  "server-key": served.header,
});

function expectFault(answer: Http2Answer, status: number, code: string): void {
  expect(answer.status).toBe(status);
  expect(JSON.parse(String(answer.body))).toMatchObject({ status, error: { code }, data: {} });
  expect(answer.headers["x-request-id"]).toMatch(/./);
}

describe("headers over the limit", () => {
  test.each([
    { name: "one of 17 kB", more: { x: "x".repeat(17_000) } },
    { name: "one of 64 kB", more: { x: "x".repeat(65_536) } },
    { name: "200 of 100 bytes", more: Object.fromEntries(long(200)) },
    { name: "2,000 short ones", more: Object.fromEntries(short(2_000)) },
    { name: "with Expect", more: { x: "x".repeat(17_000), expect: "100-continue" } },
  ])("get 431 over REST: $name", async ({ more }) => {
    using session = openHttp2(served.port);
    const headers = { ...restHeaders(), ...more };
    expectFault(await exchangeHttp2(session, { headers, body: json }), 431, "43100");
  });

  test("get a gRPC status over gRPC", async () => {
    using session = openHttp2(served.port);
    const headers = { ...grpcHeaders(), x: "x".repeat(17_000) };
    const answer = await exchangeHttp2(session, { headers, body: message });
    expect({ http: answer.status, grpc: grpcStatusOf(answer) }).toEqual({ http: 200, grpc: 3 });
    expect(decodeURIComponent(String(answer.headers["grpc-message"]))).toBe(
      "The request headers cannot be larger than 16,384 bytes",
    );
  });

  test("get 414 if the path alone is over the limit", async () => {
    using session = openHttp2(served.port);
    const headers = { ...restHeaders(), ":path": `${restPath}?${"x".repeat(17_000)}` };
    expectFault(await exchangeHttp2(session, { headers, body: json }), 414, "41400");
  });

  test("fail no other call on the connection", async () => {
    using session = openHttp2(served.port);
    const call = () => exchangeHttp2(session, { headers: grpcHeaders(), body: message });
    const before = Array.from({ length: 25 }, call);
    const headers = { ...grpcHeaders(), x: "x".repeat(65_536) };
    const large = exchangeHttp2(session, { headers, body: message });
    const after = Array.from({ length: 25 }, call);
    expect(grpcStatusOf(await large)).toBe(3);
    const others = await Promise.all([...before, ...after]);
    expect(others.map(grpcStatusOf)).toEqual(Array(50).fill(0));
  });

  function long(count: number): [string, string][] {
    return Array.from({ length: count }, (_, n) => [`x-${n}`, "x".repeat(100)]);
  }
  function short(count: number): [string, string][] {
    return Array.from({ length: count }, (_, n) => [`x-${n}`, "x"]);
  }
});

test("headers just below the limit are served", async () => {
  using session = openHttp2(served.port);
  const headers = { ...grpcHeaders(), x: "x".repeat(15_500) };
  const answer = await exchangeHttp2(session, { headers, body: message });
  expect(grpcStatusOf(answer)).toBe(0);
});

test("a limit for headers is advertised", async () => {
  using session = openHttp2(served.port);
  const [settings] = await once(session, "remoteSettings");
  expect(settings.maxHeaderListSize).toBe(131_072);
});

describe("Expect over HTTP/2", () => {
  /** Whether 100 Continue came, and the status of the response. The body is sent after that. */
  async function expecting(more: Record<string, string>) {
    using session = openHttp2(served.port);
    const headers = { ":method": "POST", ...restHeaders(), ...more };
    const stream = session.request(headers, { endStream: false });
    stream.on("error", () => {});
    let continued = false;
    stream.once("continue", () => {
      continued = true;
      stream.end(json);
    });
    const [response] = await once(stream, "response");
    stream.close();
    return { continued, status: response[":status"] };
  }

  const waits = { expect: "100-continue" };
  test.each([
    { name: "a good request", more: waits, continued: true, status: 200 },
    { name: "a wrong key", more: { ...waits, "server-key": "eDp5" }, status: 401 },
    { name: "a body over the limit", more: { ...waits, "content-length": "8388609" }, status: 413 },
    { name: "another type", more: { ...waits, "content-type": "text/plain" }, status: 415 },
    { name: "another expectation", more: { expect: "pie" }, status: 417 },
  ])("$name: $status", async ({ more, continued = false, status }) => {
    expect(await expecting(more)).toEqual({ continued, status });
  });
});
