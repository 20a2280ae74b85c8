import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { openRaw } from "../support/raw.ts";
import type { TestService } from "../support/service.ts";
import { startServiceForTest } from "../support/service.ts";
import { encodeSync, expectToServe, restPath, rpcPath } from "./support/calls.ts";
import { grpcFrame, openHttp2 } from "./support/http2.ts";
import { http2Preface } from "./support/http2-frames.ts";
import { holdPair } from "./support/row-lock.ts";

const body = '{"contacts":[{"ownerXCUserID":"a","contactXCUserID":"b"}]}';
const good = encodeSync(["a", "b"]);

function restRequest(header: string, sent: string): string {
  const lines = [`POST ${restPath} HTTP/1.1`, "Host: x", `Server-Key: ${header}`];
  const sized = ["Content-Type: application/json", `Content-Length: ${body.length}`];
  return [...lines, ...sized, "", sent].join("\r\n");
}

const upgrade = "Connection: Upgrade\r\nUpgrade: h2c";

/** Gives the service time to read what was sent. */
const seen = () => sleep(50);

const callers: { name: string; leave: (service: TestService, header: string) => Promise<void> }[] =
  [
    ...[
      { name: "says nothing", bytes: () => "" },
      { name: "disconnects within the HTTP/2 preface", bytes: () => http2Preface.subarray(0, 9) },
      {
        name: "disconnects within its headers",
        bytes: () => `POST ${restPath} HTTP/1.1\r\nHost: x\r\n`,
      },
      { name: "disconnects before its body", bytes: (header: string) => restRequest(header, "") },
      { name: "disconnects within its body", bytes: (header: string) => restRequest(header, "{") },
      {
        name: "disconnects before its answer",
        bytes: (header: string) => restRequest(header, body),
      },
    ].map(({ name, bytes }) => ({
      name,
      async leave({ port }: TestService, header: string) {
        using connection = await openRaw(port);
        connection.send(bytes(header));
        await seen();
      },
    })),
    ...[
      { name: "disconnects before its message", sent: Buffer.alloc(0) },
      { name: "disconnects within the prefix of its message", sent: Buffer.from([0, 0]) },
      {
        name: "disconnects within its message",
        sent: grpcFrame(good, { length: good.length + 1 }),
      },
      { name: "disconnects before the answer to its message", sent: grpcFrame(good) },
    ].flatMap(({ name, sent }) =>
      ["stream", "connection"].map((what) => ({
        name: `${name} by closing its HTTP/2 ${what}`,
        async leave({ port }: TestService, header: string) {
          using session = openHttp2(port);
          const stream = session.request({
            ":method": "POST",
            ":path": rpcPath,
            "content-type": "application/grpc",
            "server-key": header,
          });
          stream.on("error", () => {});
          stream.write(sent);
          await seen();
          if (what === "stream") stream.close(8);
          await seen();
        },
      })),
    ),
  ];

describe("a caller that", () => {
  test.each(callers)("$name", async ({ leave }) => {
    const service = await startServiceForTest();
    const { header } = await service.createApp();
    for (let n = 0; n < 3; n++) await leave(service, header);
    await expectToServe({ url: service.url, header });
    // No call is still in flight, and none failed because of the service.
    const cutOff = await service.app.close();
    expect(cutOff.map(({ method }) => method)).toEqual([]);
    const codes = service.logs.map(({ code }) => code);
    expect(codes).not.toContain("INTERNAL");
    expect(codes).not.toContain("UNKNOWN");
  });
});

test.each([
  { name: "CONNECT", request: "CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n" },
  { name: "an upgrade", request: `GET /livez HTTP/1.1\r\nHost: x\r\n${upgrade}\r\n\r\n` },
  { name: "an unknown method", request: "FROB / HTTP/1.1\r\nHost: x\r\n\r\n" },
])("a caller that resets its connection after $name does no harm", async ({ request }) => {
  const service = await startServiceForTest();
  const { header } = await service.createApp();
  for (const waitMs of [0, 1, 5, 50]) {
    for (let n = 0; n < 5; n++) {
      using connection = await openRaw(service.port);
      connection.send(restRequest(header, body) + request);
      await sleep(waitMs);
      connection.reset();
    }
  }
  await expectToServe({ url: service.url, header });
});

test("the calls of a caller that disconnects before the answers to its pipelined requests end", async () => {
  const service = await startServiceForTest();
  const { header, id } = await service.createApp();
  await using held = await holdPair(service.databaseUrl, id, ["a", "b"]);
  {
    using connection = await openRaw(service.port);
    connection.send(restRequest(header, body).repeat(3));
    await held.untilWaiting(1);
  }
  await held.untilWaiting(0);
  await held.release();
  await expectToServe({ url: service.url, header });
  const cutOff = await service.app.close();
  expect(cutOff.map(({ method }) => method)).toEqual([]);
});
