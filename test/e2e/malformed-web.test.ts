import { gzipSync } from "node:zlib";
import { afterEach, describe, expect, test } from "vitest";
import { encodeSync, expectToServe, rpcPath } from "./support/calls.ts";
import { grpcFrame } from "./support/http2.ts";
import { serveForFile } from "./support/served.ts";

const served = serveForFile({ MAX_BODY_BYTES: "65536" });
afterEach(() => expectToServe(served));

const ok = 0;
const invalidArgument = 3;
const resourceExhausted = 8;
const unimplemented = 12;
const internal = 13;

const good = encodeSync(["a", "b"]);

/** The gRPC status of an answer in gRPC-Web: of its headers, or of the trailers in its last frame. */
async function overWeb(
  body: Uint8Array,
  { type = "application/grpc-web+proto", more = {} as Record<string, string> } = {},
) {
  const response = await fetch(served.url + rpcPath, {
    method: "POST",
    headers: { "Server-Key": served.header, "Content-Type": type, "X-Grpc-Web": "1", ...more },
    body: new Uint8Array(body),
  });
  const raw = Buffer.from(await response.arrayBuffer()).toString("latin1");
  const isText = response.headers.get("content-type")?.includes("-text") === true;
  const text = isText ? Buffer.from(raw, "base64").toString("latin1") : raw;
  const inTrailers = /grpc-status: ?(\d+)/i.exec(text)?.[1];
  const inHeaders = response.headers.get("grpc-status");
  return { status: response.status, code: Number(inTrailers ?? inHeaders ?? Number.NaN) };
}

describe("the framing of a message over gRPC-Web", () => {
  test.each([
    { name: "whole", body: grpcFrame(good), code: ok },
    { name: "no bytes", body: Buffer.alloc(0), code: unimplemented },
    { name: "part of a prefix", body: Buffer.from([0, 0]), code: invalidArgument },
    {
      name: "a message cut short",
      body: grpcFrame(good, { length: good.length + 1 }),
      code: invalidArgument,
    },
    {
      name: "a prefix that promises 4 GiB",
      body: grpcFrame(good, { length: 0xffff_ffff }),
      code: resourceExhausted,
    },
    {
      name: "bytes that are no protobuf",
      body: grpcFrame(Buffer.alloc(9, 0xff)),
      code: invalidArgument,
    },
    {
      name: "compressed, without a coding",
      body: grpcFrame(good, { flags: 1 }),
      code: internal,
    },
    {
      name: "two messages",
      body: Buffer.concat([grpcFrame(good), grpcFrame(good)]),
      code: unimplemented,
    },
    {
      name: "trailers alone",
      body: grpcFrame(Buffer.from("grpc-status: 0\r\n"), { flags: 0x80 }),
      code: internal,
    },
    {
      name: "base64, where bytes were said",
      body: Buffer.from(grpcFrame(good).toString("base64")),
      code: [invalidArgument, resourceExhausted],
    },
  ])("$name", async ({ body, code }) => {
    const answer = await overWeb(body);
    expect(answer.status).toBe(200);
    expect([code].flat()).toContain(answer.code);
  });

  test.each([
    { name: "gzip", coding: "gzip", body: grpcFrame(gzipSync(good), { flags: 1 }), code: ok },
    {
      name: "gzip that is none",
      coding: "gzip",
      body: grpcFrame(good, { flags: 1 }),
      code: invalidArgument,
    },
    {
      name: "a gzip bomb",
      coding: "gzip",
      body: grpcFrame(gzipSync(Buffer.alloc(10_000_000)), { flags: 1 }),
      code: resourceExhausted,
    },
    { name: "an unknown coding", coding: "pie", body: grpcFrame(good), code: unimplemented },
  ])("$name", async ({ coding, body, code }) => {
    const answer = await overWeb(body, { more: { "Grpc-Encoding": coding } });
    expect(answer.code).toBe(code);
  });
});

describe("gRPC-Web in base64", () => {
  const type = "application/grpc-web-text";
  const base64 = (bytes: Buffer) => Buffer.from(bytes.toString("base64"));
  test.each([
    { name: "whole", body: base64(grpcFrame(good)) },
    { name: "not base64", body: Buffer.from("!!!!") },
    { name: "cut short", body: base64(grpcFrame(good)).subarray(0, 9) },
    { name: "bytes, where base64 was said", body: grpcFrame(good) },
  ])("$name gets a response, accepted or not", async ({ body }) => {
    const answer = await overWeb(body, { type });
    expect(answer.status).toBeLessThan(500);
    if (answer.status === 200) expect([ok, invalidArgument, unimplemented]).toContain(answer.code);
  });
});

test.each(["soon", "1", "-1S"])("grpc-timeout %j over gRPC-Web", async (timeout) => {
  const answer = await overWeb(grpcFrame(good), { more: { "Grpc-Timeout": timeout } });
  expect(answer.code).toBe(invalidArgument);
});
