import { calls } from "./calls.ts";
import type { CallTimes, Connection, ConnectionOptions } from "./connection.ts";
import type { GrpcAnswer } from "./grpc-answer.ts";
import { createGrpcAnswer } from "./grpc-answer.ts";
import type { SendingStream } from "./grpc-sender.ts";
import { createGrpcSender } from "./grpc-sender.ts";
import type { FrameHead } from "./http2-frames.ts";
import {
  defaultWindow,
  flag,
  frame,
  frameHeadLength,
  frameType,
  preface,
  resetFrame,
  setting,
  settingsFrame,
  windowUpdateFrame,
} from "./http2-frames.ts";
import type { LoadJob } from "./job.ts";
import type { Problem } from "./problem.ts";
import { failed, wrong } from "./problem.ts";
import { openLoadSocket } from "./socket.ts";

interface Stream extends SendingStream {
  readonly times: CallTimes;
  readonly answer: GrpcAnswer;
}

/** Flow-control window of the connection for answers, in bytes. */
const receiveWindow = 1 << 24;

/** Opens an HTTP/2 connection without TLS, for unary gRPC calls. */
export async function openGrpcConnection(options: ConnectionOptions): Promise<Connection> {
  const { job, port, requests, onDone, onLost } = options;
  const streams = new Map<number, Stream>();
  const ready = Promise.withResolvers<void>();
  let nextId = 1;
  let initialWindow = defaultWindow;
  let maxStreams = Number.POSITIVE_INFINITY;
  let received = 0;

  const { outbox, close } = await openLoadSocket({
    port,
    onBytes,
    onLost(error) {
      ready.reject(error);
      onLost(error);
    },
  });
  const sender = createGrpcSender({ outbox, headers: headersOf(job, port) });

  function send(bytes: Buffer): void {
    const at = outbox.reserve(bytes.length);
    outbox.bytes().set(bytes, at);
  }

  function onBytes(bytes: Buffer, length: number): number {
    let at = 0;
    while (length - at >= frameHeadLength) {
      const size = bytes.readUIntBE(at, 3);
      const start = at + frameHeadLength;
      if (start + size > length) break;
      const id = bytes.readUInt32BE(at + 5) & 0x7fff_ffff;
      const type = bytes[at + 3] as number;
      onFrame({ length: size, type, flags: bytes[at + 4] as number, stream: id }, bytes, start);
      at = start + size;
    }
    outbox.flush();
    return at;
  }

  function onFrame(head: FrameHead, bytes: Buffer, start: number): void {
    const end = start + head.length;
    switch (head.type) {
      case frameType.data:
      case frameType.headers:
        onAnswer(head, bytes, start);
        break;
      case frameType.resetStream:
        finish(streams.get(head.stream), problemOfReset(bytes.readUInt32BE(start)));
        break;
      case frameType.settings:
        if ((head.flags & flag.ack) === 0) onSettings(bytes, start, end);
        break;
      case frameType.ping: {
        const pong = { type: frameType.ping, flags: flag.ack, stream: 0 };
        if ((head.flags & flag.ack) === 0) send(frame(pong, bytes.subarray(start, end)));
        break;
      }
      case frameType.goAway:
        throw new Error(`the server sent GOAWAY, code ${bytes.readUInt32BE(start + 4)}`);
      case frameType.windowUpdate:
        onWindowUpdate(head.stream, bytes.readUInt32BE(start));
        break;
    }
  }

  function onAnswer(head: FrameHead, bytes: Buffer, start: number): void {
    const end = start + head.length;
    const stream = streams.get(head.stream);
    const isHeaders = head.type === frameType.headers;
    const isSupported = (head.flags & (flag.padded | (isHeaders ? flag.priority : 0))) === 0;
    if (!isSupported || (isHeaders && (head.flags & flag.endHeaders) === 0)) {
      throw new Error("padding, priorities and CONTINUATION frames are not supported");
    }
    const isLast = (head.flags & flag.endStream) !== 0;
    if (isHeaders) {
      stream?.answer.onHeaders(bytes.subarray(start, end), isLast);
    } else {
      countReceived(head.length);
      stream?.answer.onData(bytes, start, end);
    }
    if (isLast) finish(stream, stream?.answer.end());
  }

  function finish(stream: Stream | undefined, problem: Problem | undefined): void {
    if (stream === undefined) return;
    streams.delete(stream.id);
    stop(stream);
    onDone(stream.times, problem);
  }

  /** Ends a stream that the service answered before it had the whole message. */
  function stop(stream: Stream): void {
    if (stream.unsent === undefined) return;
    stream.unsent = undefined;
    send(resetFrame(stream.id, cancelled));
  }

  function countReceived(length: number): void {
    received += length;
    if (received < receiveWindow / 2) return;
    send(windowUpdateFrame(0, received));
    received = 0;
  }

  function onWindowUpdate(id: number, increment: number): void {
    const stream = streams.get(id);
    if (id === 0) sender.growWindow(increment);
    else if (stream !== undefined) stream.window += increment;
    sender.resume();
  }

  function onSettings(bytes: Buffer, start: number, end: number): void {
    for (let at = start; at < end; at += 6) {
      const id = bytes.readUInt16BE(at);
      const value = bytes.readUInt32BE(at + 2);
      if (id === setting.maxConcurrentStreams) maxStreams = value;
      else if (id === setting.maxFrameSize) sender.maxFrame = value;
      else if (id === setting.initialWindowSize) {
        for (const stream of streams.values()) stream.window += value - initialWindow;
        initialWindow = value;
      }
    }
    send(frame({ type: frameType.settings, flags: flag.ack, stream: 0 }));
    sender.resume();
    ready.resolve();
  }

  send(preface);
  send(
    settingsFrame([
      [setting.enablePush, 0],
      ...(job.readsStatus ? ([[setting.headerTableSize, 0]] as const) : []),
    ]),
  );
  send(windowUpdateFrame(0, receiveWindow - defaultWindow));
  outbox.flush();
  await ready.promise;

  return {
    hasRoom: () => streams.size < maxStreams,
    start(times) {
      const request = requests.next();
      const answer = createGrpcAnswer(request);
      const stream: Stream = {
        id: nextId,
        times,
        answer,
        window: initialWindow,
        unsent: undefined,
      };
      nextId += 2;
      streams.set(stream.id, stream);
      sender.send(stream, request);
    },
    flush: () => outbox.flush(),
    close,
  };
}

/** Error codes (RFC 9113, section 7): of a stream that the service has not begun to process, and one not needed. */
const refusedStream = 7;
const cancelled = 8;

function problemOfReset(code: number): Problem {
  return code === refusedStream
    ? failed("the stream was refused", "REFUSED_STREAM")
    : wrong(`reset, code ${code}`);
}

function headersOf({ call, serverKey }: LoadJob, port: number): (readonly [string, string])[] {
  return [
    [":method", "POST"],
    [":scheme", "http"],
    [":path", calls[call].rpcPath],
    [":authority", `127.0.0.1:${port}`],
    ["content-type", "application/grpc"],
    ["te", "trailers"],
    ...(calls[call].isGzip ? ([["grpc-encoding", "gzip"]] as const) : []),
    ...(serverKey === undefined ? [] : ([["server-key", serverKey]] as const)),
  ];
}
