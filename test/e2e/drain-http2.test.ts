import { expect, test } from "vitest";
import type { RawConnection } from "../support/raw.ts";
import { openRaw } from "../support/raw.ts";
import { startServiceForTest } from "../support/service.ts";
import { emptySettings, headerBlock, http2Frame, http2Preface } from "./support/http2-frames.ts";
import { expectPrompt } from "./support/prompt.ts";

const type = { headers: 1, settings: 4, ping: 6, goaway: 7 };
const ack = 0x1;

interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
}

function parseFrames(bytes: Buffer): Frame[] {
  const frames: Frame[] = [];
  for (let at = 0; at + 9 <= bytes.length; ) {
    const end = at + 9 + bytes.readUIntBE(at, 3);
    if (end > bytes.length) break;
    const payload = bytes.subarray(at + 9, end);
    frames.push({
      type: bytes.readUInt8(at + 3),
      flags: bytes.readUInt8(at + 4),
      stream: bytes.readUInt32BE(at + 5),
      payload,
    });
    at = end;
  }
  return frames;
}

/** Waits for a frame of the type; frames that confirm something do not count. */
async function frameOf(connection: RawConnection, wanted: number): Promise<Frame> {
  const find = (bytes: Buffer) =>
    parseFrames(bytes).find((frame) => frame.type === wanted && (frame.flags & ack) === 0);
  const { bytes } = await connection.until((received) => find(received) !== undefined);
  const frame = find(bytes);
  if (frame === undefined) throw new Error(`the connection was closed without frame ${wanted}`);
  return frame;
}

function getLivez(stream: number): Buffer {
  const fields = [
    [":method", "GET"],
    [":scheme", "http"],
    [":authority", "x"],
    [":path", "/livez"],
  ] as const;
  return http2Frame(type.headers, { flags: 0x5, stream, payload: headerBlock(fields) });
}

const settingsAck = http2Frame(type.settings, { flags: ack });
const lastStreamOf = ({ payload }: Frame) => payload.readUInt32BE(0);

/** The first byte of the headers of a response with status 200. */
const status200 = 0x88;

/** Opens a stream before the ping is confirmed, and checks that it is served and the connection closed. */
async function expectToServeUntilConfirmed(connection: RawConnection): Promise<void> {
  expect(lastStreamOf(await frameOf(connection, type.goaway))).toBe(2 ** 31 - 1);
  const { payload } = await frameOf(connection, type.ping);
  connection.send(getLivez(101));
  connection.send(http2Frame(type.ping, { flags: ack, payload }));
  const { bytes, closed } = await connection.until(() => false);
  const frames = parseFrames(bytes);
  const response = frames.find((frame) => frame.stream === 101);
  expect(response?.payload[0]).toBe(status200);
  const goaways = frames.filter((frame) => frame.type === type.goaway);
  expect(goaways.slice(1).map(lastStreamOf)).not.toContainEqual(expect.toSatisfy((id) => id < 101));
  expect(closed).toBe(true);
}

test("a stream that the client opens before it knows that the service stops is served", async () => {
  const service = await startServiceForTest();
  using connection = await openRaw(service.port);
  connection.send(Buffer.concat([http2Preface, emptySettings]));
  await frameOf(connection, type.settings);
  connection.send(Buffer.concat([settingsAck, getLivez(1)]));
  await frameOf(connection, type.headers);

  const closing = service.app.close();
  await expectToServeUntilConfirmed(connection);
  expect(await closing).toEqual([]);
});

test("the first frame of a connection is SETTINGS, even if the service stops already", async () => {
  const service = await startServiceForTest();
  using connection = await openRaw(service.port);
  // The connection is accepted, but its protocol is not known yet.
  await connection.until(() => false, 100);
  const closing = service.app.close();
  connection.send(Buffer.concat([http2Preface, emptySettings]));
  await frameOf(connection, type.settings);
  connection.send(settingsAck);
  await expectToServeUntilConfirmed(connection);
  const { bytes } = await connection.until(() => true);
  expect(parseFrames(bytes)[0]?.type).toBe(type.settings);
  expect(await closing).toEqual([]);
});

test("a client that confirms nothing delays the end of the service only shortly", async () => {
  const service = await startServiceForTest();
  using connection = await openRaw(service.port);
  connection.send(Buffer.concat([http2Preface, emptySettings]));
  await frameOf(connection, type.settings);
  connection.send(settingsAck);
  await expectPrompt(async () => expect(await service.app.close()).toEqual([]));
});
