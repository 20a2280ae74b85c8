import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, test } from "vitest";
import { openRaw, parseHttp1 } from "../support/raw.ts";
import { encodeSync, expectToServeWithRetries, restPath, rpcPath } from "./support/calls.ts";
import { eventually } from "./support/eventually.ts";
import { exchangeHttp2, grpcFrame, grpcStatusOf, openHttp2 } from "./support/http2.ts";
import { emptySettings, headerBlock, http2Frame, http2Preface } from "./support/http2-frames.ts";
import { serveForFile } from "./support/served.ts";

const served = serveForFile({ REQUEST_TIMEOUT_MS: "500" });
afterEach(() => expectToServeWithRetries(served));

const deadlineExceeded = 4;
const good = encodeSync(["a", "b"]);
const cutFrame = grpcFrame(good.subarray(0, 2), { length: good.length });

function head(path: string, type: string, framing: string): string {
  const lines = [`POST ${path} HTTP/1.1`, "Host: x", `Server-Key: ${served.header}`];
  return [...lines, `Content-Type: ${type}`, framing, "", ""].join("\r\n");
}

describe.concurrent("a connection that goes silent", () => {
  test.each([
    { name: "at once", bytes: () => "" },
    { name: "within the HTTP/2 preface", bytes: () => http2Preface.subarray(0, 9) },
    { name: "after empty lines", bytes: () => "\r\n\r\n" },
    { name: "within its request line", bytes: () => "POST /v1/ser" },
    { name: "within its headers", bytes: () => `POST ${restPath} HTTP/1.1\r\nHost: x\r\nServ` },
  ])("$name is closed", async ({ bytes }) => {
    using connection = await openRaw(served.port);
    connection.send(bytes());
    const received = await connection.until(() => false);
    expect(received.closed).toBe(true);
    for (const { status } of parseHttp1(received.bytes, true)) expect(status).toBe(408);
  });

  test("after GOAWAY and an invalid frame is closed, and its stream ends", async () => {
    const watch = headerBlock([
      [":method", "POST"],
      [":scheme", "http"],
      [":path", "/grpc.health.v1.Health/Watch"],
      [":authority", "a"],
      ["content-type", "application/grpc"],
    ]);
    const endStream = 1;
    using connection = await openRaw(served.port);
    connection.send(
      Buffer.concat([
        ...[http2Preface, emptySettings],
        http2Frame(1, { flags: 4, stream: 1, payload: watch }),
        http2Frame(7, { payload: Buffer.alloc(8) }),
        http2Frame(0, { flags: endStream, stream: 1 }),
        http2Frame(0, { flags: endStream, stream: 1 }),
      ]),
    );
    const { closed } = await connection.until(() => false);
    expect(closed).toBe(true);
    const isWatch = ({ method }: { method?: unknown }) => String(method).endsWith("Health/Watch");
    await eventually("the call is logged", () => served.service.logs.some(isWatch));
  });

  test("is closed though it sends a header every second", async () => {
    using connection = await openRaw(served.port);
    connection.send(`POST ${restPath} HTTP/1.1\r\nHost: x\r\n`);
    const feeding = new AbortController();
    const feed = async () => {
      for (let n = 0; !feeding.signal.aborted; n++) {
        connection.send(`X-${n}: x\r\n`);
        await sleep(1_000, undefined, { signal: feeding.signal }).catch(() => {});
      }
    };
    const fed = feed();
    const { closed } = await connection.until(() => false);
    feeding.abort();
    await fed;
    expect(closed).toBe(true);
  });
});

describe.concurrent("a body that does not arrive", () => {
  const json = "application/json";
  test.each([
    {
      name: "none of it, over REST",
      path: restPath,
      type: json,
      framing: "Content-Length: 100",
      body: "",
    },
    {
      name: "half of it, over REST",
      path: restPath,
      type: json,
      framing: "Content-Length: 100",
      body: '{"contacts"',
    },
    {
      name: "one chunk of it, over REST",
      path: restPath,
      type: json,
      framing: "Transfer-Encoding: chunked",
      body: "1\r\n{\r\n",
    },
    {
      name: "none of it, over Connect",
      path: rpcPath,
      type: json,
      framing: "Content-Length: 100",
      body: "",
    },
    {
      name: "half of it, over Connect",
      path: rpcPath,
      type: json,
      framing: "Content-Length: 100",
      body: '{"contacts"',
    },
  ])("$name: 504, and the connection ends", async ({ path, type, framing, body }) => {
    using connection = await openRaw(served.port);
    connection.send(head(path, type, framing) + body);
    const received = await connection.until(() => false);
    const [answer] = parseHttp1(received.bytes, received.closed);
    expect(answer?.status).toBe(504);
    expect(received.closed).toBe(true);
    if (path === restPath) {
      expect(JSON.parse(answer?.body ?? "")).toMatchObject({
        status: 504,
        error: { code: "50400" },
      });
    }
  });

  test("half of it, over gRPC-Web", async () => {
    using connection = await openRaw(served.port);
    const head1 = head(rpcPath, "application/grpc-web+proto", "Content-Length: 100");
    connection.send(Buffer.concat([Buffer.from(head1), cutFrame]));
    const { bytes } = await connection.until((so) => parseHttp1(so, false).length > 0);
    expect(bytes.toString("latin1")).toMatch(/grpc-status: ?4/i);
  });

  test.each([
    { name: "none of it", path: rpcPath, body: Buffer.alloc(0) },
    { name: "part of the prefix", path: rpcPath, body: cutFrame.subarray(0, 3) },
    { name: "the prefix alone", path: rpcPath, body: cutFrame.subarray(0, 5) },
    { name: "part of the message", path: rpcPath, body: cutFrame },
    { name: "all but the end", path: rpcPath, body: grpcFrame(good) },
    { name: "none of a health check", path: "/grpc.health.v1.Health/Check", body: Buffer.alloc(0) },
  ])("$name, over gRPC: DEADLINE_EXCEEDED", async ({ path, body }) => {
    using session = openHttp2(served.port);
    const headers = {
      ":path": path,
      "content-type": "application/grpc",
      te: "trailers",
      "server-key": served.header,
    };
    const answer = await exchangeHttp2(session, { headers, body, end: false });
    expect(grpcStatusOf(answer)).toBe(deadlineExceeded);
  });

  test("half of it, over REST on HTTP/2: 504", async () => {
    using session = openHttp2(served.port);
    const headers = {
      ":path": restPath,
      "content-type": "application/json",
      "server-key": served.header,
    };
    const body = Buffer.from('{"contacts"');
    const { status } = await exchangeHttp2(session, { headers, body, end: false });
    expect(status).toBe(504);
  });
});
