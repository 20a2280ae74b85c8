import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, test } from "vitest";
import type { RawConnection } from "../support/raw.ts";
import { openRaw } from "../support/raw.ts";
import { expectToServe, restPath } from "./support/calls.ts";
import { emptySettings, headerBlock, http2Frame, http2Preface } from "./support/http2-frames.ts";
import { serveForFile } from "./support/served.ts";

const served = serveForFile();
afterEach(() => expectToServe(served));

const data = 0;
const headers = 1;
const reset = 3;
const settings = 4;
const ping = 6;
const goAway = 7;
const windowUpdate = 8;
const continuation = 9;
const endStream = 1;
const endHeaders = 4;

const getLive = headerBlock([
  [":method", "GET"],
  [":scheme", "http"],
  [":path", "/livez"],
  [":authority", "a"],
]);
const call = http2Frame(headers, { flags: endStream | endHeaders, stream: 1, payload: getLive });

/** Types of the whole frames received so far. */
function frameTypes(received: Buffer): number[] {
  const types: number[] = [];
  for (let at = 0; at + 9 <= received.length; at += 9 + received.readUIntBE(at, 3)) {
    if (at + 9 + received.readUIntBE(at, 3) > received.length) break;
    types.push(received.readUInt8(at + 3));
  }
  return types;
}

async function openPreface(): Promise<RawConnection> {
  const connection = await openRaw(served.port);
  connection.send(Buffer.concat([http2Preface, emptySettings]));
  return connection;
}

describe("the preface", () => {
  test.each([
    { name: "in one piece", pieces: [http2Preface] },
    { name: "byte by byte", pieces: [...http2Preface].map((byte) => Buffer.from([byte])) },
    { name: "in two pieces", pieces: [http2Preface.subarray(0, 5), http2Preface.subarray(5)] },
  ])("$name is understood", async ({ pieces }) => {
    using connection = await openRaw(served.port);
    for (const piece of pieces) {
      connection.send(piece);
      await sleep(2);
    }
    connection.send(Buffer.concat([emptySettings, call]));
    const { bytes } = await connection.until((so) => frameTypes(so).includes(data));
    expect(frameTypes(bytes)).toContain(headers);
    expect(bytes.includes("ok\n")).toBe(true);
  });

  test.each([
    { name: "garbage", bytes: Buffer.alloc(1_000, 0x5a) },
    { name: "an HTTP/1 request", bytes: Buffer.from(`POST ${restPath} HTTP/1.1\r\n\r\n`) },
    { name: "a frame that is not SETTINGS", bytes: http2Frame(ping, { payload: Buffer.alloc(8) }) },
    { name: "itself again", bytes: http2Preface },
  ])("then $name ends the connection", async ({ bytes }) => {
    using connection = await openRaw(served.port);
    connection.send(Buffer.concat([http2Preface, bytes]));
    const { closed } = await connection.until(() => false);
    expect(closed).toBe(true);
  });

  test.each([1, 3, 14, 23])("cut after %i bytes, then an end, is closed", async (length) => {
    using connection = await openRaw(served.port);
    connection.send(http2Preface.subarray(0, length));
    connection.end();
    const { closed } = await connection.until(() => false);
    expect(closed).toBe(true);
  });
});

describe("the caller's end of a connection", () => {
  const opened = http2Frame(headers, { flags: endHeaders, stream: 1, payload: getLive });
  test.each([
    { name: "after the preface", frames: [] },
    { name: "after a call", frames: [call] },
    { name: "within a call", frames: [opened] },
    { name: "within a frame", frames: [opened.subarray(0, 12)] },
  ])("$name ends it on both sides", async ({ frames }) => {
    using connection = await openPreface();
    connection.send(Buffer.concat(frames));
    connection.end();
    const { closed } = await connection.until(() => false);
    expect(closed).toBe(true);
  });
});

describe("a frame that breaks the protocol ends the connection", () => {
  test.each([
    { name: "DATA without a stream", frame: http2Frame(data, { payload: Buffer.alloc(3) }) },
    {
      name: "DATA on an idle stream",
      frame: http2Frame(data, { stream: 5, payload: Buffer.alloc(3) }),
    },
    {
      name: "HEADERS without a stream",
      frame: http2Frame(headers, { flags: 5, payload: getLive }),
    },
    {
      name: "HEADERS on an even stream",
      frame: http2Frame(headers, { flags: 5, stream: 2, payload: getLive }),
    },
    {
      name: "an unreadable header block",
      frame: http2Frame(headers, { flags: 5, stream: 1, payload: Buffer.alloc(9, 0xff) }),
    },
    {
      name: "CONTINUATION out of place",
      frame: http2Frame(continuation, { flags: 4, stream: 1, payload: getLive }),
    },
    {
      name: "a reset of an idle stream",
      frame: http2Frame(reset, { stream: 9, payload: Buffer.alloc(4) }),
    },
    { name: "SETTINGS of odd length", frame: http2Frame(settings, { payload: Buffer.alloc(5) }) },
    {
      name: "an impossible setting",
      frame: http2Frame(settings, { payload: Buffer.from("000500000001", "hex") }),
    },
    { name: "PING of odd length", frame: http2Frame(ping, { payload: Buffer.alloc(3) }) },
    {
      name: "WINDOW_UPDATE by nothing",
      frame: http2Frame(windowUpdate, { payload: Buffer.alloc(4) }),
    },
    {
      name: "WINDOW_UPDATE over the limit",
      frame: http2Frame(windowUpdate, { payload: Buffer.from("7fffffff", "hex") }),
    },
    { name: "a frame over the limit", frame: http2Frame(data, { stream: 1, length: 0xffffff }) },
    { name: "GOAWAY that is too short", frame: http2Frame(goAway, { payload: Buffer.alloc(2) }) },
  ])("$name", async ({ frame }) => {
    using connection = await openPreface();
    connection.send(frame);
    const { bytes, closed } = await connection.until(() => false);
    expect(closed).toBe(true);
    expect(frameTypes(bytes)).not.toContain(data);
  });

  test("a frame of an unknown type is ignored", async () => {
    using connection = await openPreface();
    connection.send(Buffer.concat([http2Frame(0xfa, { payload: Buffer.alloc(20) }), call]));
    const { bytes } = await connection.until((so) => frameTypes(so).includes(data));
    expect(bytes.includes("ok\n")).toBe(true);
  });
});

describe("a flood", () => {
  const opened = (stream: number) =>
    http2Frame(headers, { flags: endHeaders, stream, payload: getLive });
  const cancelled = (stream: number) =>
    http2Frame(reset, { stream, payload: Buffer.from([0, 0, 0, 8]) });
  const odd = (count: number) => Array.from({ length: count }, (_, n) => 2 * n + 1);
  test.each([
    {
      name: "of streams opened and reset",
      frames: () => odd(3_000).flatMap((stream) => [opened(stream), cancelled(stream)]),
    },
    {
      name: "of CONTINUATION",
      frames: () => [
        http2Frame(headers, { stream: 1, payload: getLive }),
        ...odd(5_000).map(() =>
          http2Frame(continuation, { stream: 1, payload: headerBlock([["x", "y".repeat(50)]]) }),
        ),
      ],
    },
    {
      name: "of settings",
      frames: () => odd(20_000).map(() => emptySettings),
    },
    {
      name: "of empty DATA",
      frames: () => [opened(1), ...odd(20_000).map(() => http2Frame(data, { stream: 1 }))],
    },
  ])("the service continues after $name", async ({ frames }) => {
    using connection = await openPreface();
    connection.send(Buffer.concat(frames()));
    connection.send(http2Frame(ping, { payload: Buffer.alloc(8) }));
    connection.end();
    await connection.until((so) => frameTypes(so).includes(ping));
  });
});
