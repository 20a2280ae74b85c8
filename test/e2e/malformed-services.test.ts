import { randomUUID } from "node:crypto";
import type { OutgoingHttpHeaders } from "node:http2";
import { status as grpcStatus } from "@grpc/grpc-js";
import { afterEach, describe, expect, test } from "vitest";
import { expectToServe } from "./support/calls.ts";
import { eventually } from "./support/eventually.ts";
import { exchangeHttp2, grpcFrame, grpcStatusOf, openHttp2 } from "./support/http2.ts";
import { serveForFile } from "./support/served.ts";

const served = serveForFile({ MAX_BODY_BYTES: "65536" });
afterEach(() => expectToServe(served));

const ok = 0;
const unknown = 2;
/** The level of a log line. */
const info = 30;

const healthCheck = "/grpc.health.v1.Health/Check";
const healthWatch = "/grpc.health.v1.Health/Watch";
const reflection = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
const reflectionAlpha = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo";

interface Broken {
  readonly name: string;
  readonly body: Buffer;
  readonly headers?: OutgoingHttpHeaders;
  /** Whether every service must fail, also one that may end without a message. */
  readonly fails?: boolean;
}

/** Services without a key are open to everyone, so they must handle invalid input. */
describe.each([healthCheck, healthWatch, reflection, reflectionAlpha])("%s", (path) => {
  const broken: Broken[] = [
    { name: "no bytes", body: Buffer.alloc(0) },
    { name: "part of a prefix", body: Buffer.from([0, 0, 0]), fails: true },
    { name: "a message cut short", body: grpcFrame(Buffer.alloc(0), { length: 10 }), fails: true },
    {
      name: "a prefix that promises 4 GiB",
      body: grpcFrame(Buffer.alloc(0), { length: 0xffff_ffff }),
    },
    { name: "bytes that are no protobuf", body: grpcFrame(Buffer.alloc(20, 0xff)) },
    { name: "a string that is not UTF-8", body: grpcFrame(Buffer.from([0x0a, 1, 0xff])) },
    { name: "compressed, without a coding", body: grpcFrame(Buffer.alloc(3), { flags: 1 }) },
    {
      name: "gzip that is none",
      body: grpcFrame(Buffer.alloc(3), { flags: 1 }),
      headers: { "grpc-encoding": "gzip" },
    },
    {
      name: "an unknown coding",
      body: grpcFrame(Buffer.alloc(0)),
      headers: { "grpc-encoding": "pie" },
    },
    {
      name: "a timeout that is none",
      body: grpcFrame(Buffer.alloc(0)),
      headers: { "grpc-timeout": "soon" },
    },
    {
      name: "a timeout of nothing",
      body: grpcFrame(Buffer.alloc(0)),
      headers: { "grpc-timeout": "0n" },
    },
  ];

  test.each(broken)("$name, over gRPC", async ({ body, headers = {}, fails = false }) => {
    using session = openHttp2(served.port);
    const requestId = randomUUID();
    const all = {
      ...{ ":path": path, "content-type": "application/grpc", te: "trailers" },
      "x-request-id": requestId,
      ...headers,
    };
    const answer = await exchangeHttp2(session, { headers: all, body });
    expect(answer.status).toBe(200);
    const status = grpcStatusOf(answer);
    expect(status).toBeTypeOf("number");
    // Connect answers a stream that it cannot read. It uses INTERNAL, as other gRPC servers do.
    expect(status).not.toBe(unknown);
    if (fails) expect(status).not.toBe(ok);
    if (status === ok) return;
    const line = await lineOf(requestId);
    expect(line).toMatchObject({ level: info, code: grpcStatus[status ?? 0] });
  });
});

/** The log line of a failed call. */
async function lineOf(requestId: string): Promise<Record<string, unknown> | undefined> {
  const find = () => served.service.logs.find((line) => line.requestId === requestId);
  await eventually("a log line", () => find() !== undefined);
  return find();
}

test.each(["application/grpc-web", "application/connect+proto", "application/connect+json"])(
  "a stream of %s with an incomplete message is logged as failed",
  async (type) => {
    using session = openHttp2(served.port);
    const requestId = randomUUID();
    const headers = { ":path": healthWatch, "content-type": type, "x-request-id": requestId };
    const body = grpcFrame(Buffer.alloc(0), { length: 10 });
    await exchangeHttp2(session, { headers, body });
    expect(await lineOf(requestId)).toMatchObject({ level: info, code: "INVALID_ARGUMENT" });
  },
);

describe("Connect's JSON", () => {
  test.each([
    { name: "broken", body: "{" },
    { name: "empty", body: "" },
    { name: "null", body: "null" },
    { name: "of another shape", body: "[1]" },
    { name: "of another type", body: '{"service":1}' },
    { name: "very deep", body: `{"x":${"[".repeat(30_000)}${"]".repeat(30_000)}}` },
  ])("$name, to the health check", async ({ body }) => {
    const response = await fetch(served.url + healthCheck, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body,
    });
    await response.text();
    expect(response.status).toBeLessThan(500);
  });
});
