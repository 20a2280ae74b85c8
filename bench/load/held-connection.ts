import { connect } from "node:net";
import {
  flag,
  frame,
  frameHeadLength,
  frameType,
  preface,
  setting,
  settingsFrame,
} from "./http2-frames.ts";
import { encodeRepeatedHeaders } from "./request-headers.ts";

/** A gRPC message without content. It asks for the health of the whole service. */
const emptyMessage = Buffer.alloc(5);

/**
 * Opens an HTTP/2 connection that keeps streams of `Health/Watch` open. A stream that ends is followed by
 * another one, until all streams have been opened. Messages are ignored, and an error closes the connection.
 *
 * @returns closes the connection
 */
export function openHeldConnection(options: {
  readonly port: number;
  readonly streams: number;
  readonly onChange: (what: "connections" | "streams", change: 1 | -1) => void;
}): () => void {
  const { port, streams, onChange } = options;
  const open = new Set<number>();
  let nextId = 1;
  let maxStreams = Number.POSITIVE_INFINITY;
  let received = Buffer.of();
  const headers = encodeRepeatedHeaders([
    [":method", "POST"],
    [":scheme", "http"],
    [":path", "/grpc.health.v1.Health/Watch"],
    [":authority", `127.0.0.1:${port}`],
    ["content-type", "application/grpc"],
    ["te", "trailers"],
  ]);

  function openStreams(): void {
    while (nextId < 2 * streams && open.size < maxStreams) {
      const block = nextId === 1 ? headers.first : headers.again;
      const head = { type: frameType.headers, flags: flag.endHeaders, stream: nextId };
      const data = { type: frameType.data, flags: flag.endStream, stream: nextId };
      socket.write(Buffer.concat([frame(head, block), frame(data, emptyMessage)]));
      open.add(nextId);
      nextId += 2;
      onChange("streams", 1);
    }
  }

  function onFrame(type: number, flags: number, id: number, payload: Buffer): void {
    const isAck = (flags & flag.ack) !== 0;
    if (type === frameType.settings && !isAck) {
      for (let at = 0; at < payload.length; at += 6) {
        const isLimit = payload.readUInt16BE(at) === setting.maxConcurrentStreams;
        if (isLimit) maxStreams = payload.readUInt32BE(at + 2);
      }
      socket.write(frame({ type: frameType.settings, flags: flag.ack, stream: 0 }));
      openStreams();
    }
    if (type === frameType.ping && !isAck) {
      socket.write(frame({ type: frameType.ping, flags: flag.ack, stream: 0 }, payload));
    }
    const hasEnded =
      type === frameType.resetStream ||
      ((type === frameType.headers || type === frameType.data) && (flags & flag.endStream) !== 0);
    if (hasEnded && open.delete(id)) {
      onChange("streams", -1);
      openStreams();
    }
  }

  const socket = connect({ host: "127.0.0.1", port, noDelay: true });
  socket.once("connect", () => {
    onChange("connections", 1);
    socket.write(Buffer.concat([preface, settingsFrame([[setting.enablePush, 0]])]));
    socket.once("close", () => onChange("connections", -1));
  });
  socket.on("error", () => {}); // The connection is closed, and counted as such.
  socket.on("close", () => {
    for (const id of open) if (open.delete(id)) onChange("streams", -1);
  });
  socket.on("data", (chunk) => {
    received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
    while (received.length >= frameHeadLength) {
      const end = frameHeadLength + received.readUIntBE(0, 3);
      if (received.length < end) break;
      const [type = 0, flags = 0] = received.subarray(3, 5);
      const id = received.readUInt32BE(5) & 0x7fff_ffff;
      onFrame(type, flags, id, received.subarray(frameHeadLength, end));
      received = received.subarray(end);
    }
  });
  return () => socket.destroy();
}
