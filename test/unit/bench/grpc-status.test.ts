import { once } from "node:events";
import { createServer } from "node:http2";
import type { AddressInfo } from "node:net";
import { connect } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { readGrpcStatus } from "../../../bench/load/grpc-status.ts";
import {
  flag,
  frame,
  frameHeadLength,
  frameType,
  preface,
  setting,
  settingsFrame,
} from "../../../bench/load/http2-frames.ts";
import { encodeRepeatedHeaders } from "../../../bench/load/request-headers.ts";

/** The header blocks of two responses of Node on one connection, whose client allows no header table. */
async function readBlocks(status: string): Promise<Buffer[]> {
  const server = createServer((_req, res) => {
    res.stream.respond(
      { ":status": 200, "grpc-status": status, "grpc-message": "grpc-status" },
      { endStream: true },
    );
  }).listen(0, "127.0.0.1");
  onTestFinished(() => void server.close());
  await once(server, "listening");
  const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
  onTestFinished(() => void socket.destroy());
  const headers = encodeRepeatedHeaders([
    [":method", "POST"],
    [":scheme", "http"],
    [":path", "/"],
    [":authority", "test"],
  ]);
  const request = { type: frameType.headers, flags: flag.endHeaders | flag.endStream };
  socket.write(
    Buffer.concat([
      preface,
      settingsFrame([[setting.headerTableSize, 0]]),
      frame({ ...request, stream: 1 }, headers.first),
      frame({ ...request, stream: 3 }, headers.again),
    ]),
  );

  const blocks: Buffer[] = [];
  let received = Buffer.of();
  for await (const chunk of socket) {
    received = Buffer.concat([received, chunk]);
    while (received.length >= frameHeadLength) {
      const end = frameHeadLength + received.readUIntBE(0, 3);
      if (received.length < end) break;
      if (received[3] === frameType.headers) blocks.push(received.subarray(frameHeadLength, end));
      received = received.subarray(end);
    }
    if (blocks.length === 2) break;
  }
  return blocks;
}

test.each([
  ["8", "RESOURCE_EXHAUSTED"],
  ["14", "UNAVAILABLE"],
  ["16", "UNAUTHENTICATED"],
  ["99", "status 99"],
])("grpc-status %s is %s in every response of a connection", async (status, name) => {
  const blocks = await readBlocks(status);
  expect(blocks.map(readGrpcStatus)).toEqual([name, name]);
});

test("a block without the status", () => {
  expect(readGrpcStatus(Buffer.from("8840", "hex"))).toBe("unknown");
});
