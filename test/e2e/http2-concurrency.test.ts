import type { ClientHttp2Session } from "node:http2";
import { expect, test } from "vitest";
import { encodeSync, rpcPath } from "./support/calls.ts";
import { eventually } from "./support/eventually.ts";
import { exchangeHttp2, grpcFrame, grpcStatusOf, openHttp2, untilRead } from "./support/http2.ts";
import { holdPair } from "./support/row-lock.ts";
import { serveForFile } from "./support/served.ts";

const served = serveForFile({ REQUEST_TIMEOUT_MS: "3600000" });

function sync(session: ClientHttp2Session) {
  const headers = {
    ":path": rpcPath,
    "content-type": "application/grpc",
    te: "trailers",
    "server-key": served.header,
  };
  return exchangeHttp2(session, { headers, body: grpcFrame(encodeSync(["a", "b"])) });
}

const streamsOf = (session: ClientHttp2Session) => session.remoteSettings.maxConcurrentStreams;

test("clients may open fewer streams while calls take too long, and no call fails", async () => {
  using first = openHttp2(served.port);
  using second = openHttp2(served.port);
  using third = openHttp2(served.port);
  using fourth = openHttp2(served.port);
  using other = openHttp2(served.port);
  const busy = [first, second, third, fourth];
  await Promise.all([...busy, other].map(untilRead));
  expect([...busy, other].map(streamsOf)).toEqual([100, 100, 100, 100, 100]);

  const held = await holdPair(served.service.databaseUrl, served.appId, ["a", "b"]);
  const answers = busy.flatMap((session) => Array.from({ length: 150 }, () => sync(session)));
  await eventually("fewer streams", () => busy.every((session) => streamsOf(session) === 64));
  // A connection without calls needs no limit.
  expect(streamsOf(other)).toBe(100);

  await held.release();
  await held[Symbol.asyncDispose]();
  const statuses = (await Promise.all(answers)).map(grpcStatusOf);
  expect(new Set(statuses)).toEqual(new Set([0]));
  await eventually("as many streams as before", () => busy.every((s) => streamsOf(s) === 100));
});
