import { once } from "node:events";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  HealthCheckRequestSchema,
  HealthCheckResponseSchema,
  HealthCheckResponse_ServingStatus as Status,
} from "../../src/gen/grpc/health/v1/health_pb.ts";
import { openRaw, parseHttp1 } from "../support/raw.ts";
import type { TestApp, TestService } from "../support/service.ts";
import { startService } from "../support/service.ts";
import { openGrpc, syncOverGrpc } from "./support/calls.ts";
import { exchangeHttp2, grpcFrame, openHttp2, untilRead } from "./support/http2.ts";
import type { HeldPair } from "./support/row-lock.ts";
import { holdPair } from "./support/row-lock.ts";

const pair = ["locked", "b"] as const;

let service: TestService;
let app: TestApp;
let held: HeldPair;
let finish: () => Promise<void>;

/** A call in flight, so that the service does not end before the test has asked it. */
beforeEach(async () => {
  service = await startService();
  app = await service.createApp();
  held = await holdPair(service.databaseUrl, app.id, pair);
  const client = openGrpc(service.url);
  const { answer } = syncOverGrpc(client, app.header, [pair]);
  await held.untilWaiting(1);
  finish = async () => {
    await held.release();
    await answer;
    client.close();
  };
});
afterEach(async () => {
  await held[Symbol.asyncDispose]();
  await service.stop();
});

test("/readyz is 503 and /livez is 200 while the service stops", async () => {
  const probes = [
    { path: "/readyz", status: 503, connection: await openRaw(service.port) },
    { path: "/livez", status: 200, connection: await openRaw(service.port) },
  ];
  // Each sends one request, and begins a second request, so that the connection is not idle.
  for (const { connection, path } of probes) {
    const head = `GET ${path} HTTP/1.1\r\nHost: x\r\n`;
    connection.send(`${head}\r\n${head}`);
    const { bytes } = await connection.until((so) => parseHttp1(so, false).length > 0);
    expect(parseHttp1(bytes, false).map(({ status }) => status)).toEqual([200]);
  }
  const closing = service.app.close();
  for (const { connection, status } of probes) {
    connection.send("\r\n");
    const { bytes, closed } = await connection.until((so) => parseHttp1(so, false).length > 1);
    expect(parseHttp1(bytes, closed).map((answer) => answer.status)).toEqual([200, status]);
    connection[Symbol.dispose]();
  }
  await finish();
  expect(await closing).toEqual([]);
});

test("a health check is NOT_SERVING while the service stops", async () => {
  using session = openHttp2(service.port);
  const headers = {
    ":path": "/grpc.health.v1.Health/Check",
    ":method": "POST",
    "content-type": "application/grpc",
    te: "trailers",
  };
  const question = grpcFrame(toBinary(HealthCheckRequestSchema, create(HealthCheckRequestSchema)));
  const before = await exchangeHttp2(session, { headers, body: question });
  expect(statusIn(before.body)).toBe(Status.SERVING);

  const stream = session.request(headers);
  const chunks: Buffer[] = [];
  stream.on("data", (chunk) => chunks.push(chunk));
  await untilRead(session);
  const closing = service.app.close();
  stream.end(question);
  await once(stream, "close");
  expect(statusIn(Buffer.concat(chunks))).toBe(Status.NOT_SERVING);
  await finish();
  expect(await closing).toEqual([]);
});

test.each(["", "contact.v1.ContactService"])(
  "a watch of %j gets NOT_SERVING and ends when the service stops",
  async (name) => {
    const client = openGrpc(service.url);
    const watch = client.makeServerStreamRequest(
      "/grpc.health.v1.Health/Watch",
      (message) => Buffer.from(toBinary(HealthCheckRequestSchema, message)),
      (bytes) => fromBinary(HealthCheckResponseSchema, bytes),
      create(HealthCheckRequestSchema, { service: name }),
    );
    const seen: Status[] = [];
    watch.on("data", ({ status }) => seen.push(status));
    await once(watch, "data");
    const ended = once(watch, "status");
    const closing = service.app.close();
    const [status] = await ended;
    expect(status).toMatchObject({ code: 0 });
    expect(seen).toEqual([Status.SERVING, Status.NOT_SERVING]);
    await finish();
    expect(await closing).toEqual([]);
    client.close();
  },
);

function statusIn(frame: Buffer): Status {
  return fromBinary(HealthCheckResponseSchema, frame.subarray(5)).status;
}
