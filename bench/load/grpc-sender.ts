import {
  defaultMaxFrame,
  defaultWindow,
  flag,
  frameHeadLength,
  frameType,
  writeFrameHead,
} from "./http2-frames.ts";
import { encodeRepeatedHeaders } from "./request-headers.ts";
import type { Request } from "./requests.ts";
import type { Outbox } from "./socket.ts";

/** The sending half of a stream. */
export interface SendingStream {
  readonly id: number;
  /** Flow-control window of the stream, in bytes. */
  window: number;
  /** The part of the message that is not sent yet. */
  unsent: Buffer | undefined;
}

export interface GrpcSender {
  /** Sends a request, or the part of it that the flow-control windows allow. */
  send(stream: SendingStream, request: Request): void;
  /** Sends more of the pending messages after a window has grown. */
  resume(): void;
  growWindow(increment: number): void;
  /** Largest frame that the server accepts, in bytes. */
  maxFrame: number;
}

/** A gRPC message begins with a byte of flags and four bytes of length. */
const prefixLength = 5;

/** Writes the frames of requests, within the flow-control windows of the connection and its streams. */
export function createGrpcSender(options: {
  readonly outbox: Outbox;
  readonly headers: readonly (readonly [string, string])[];
}): GrpcSender {
  const { outbox } = options;
  const headers = encodeRepeatedHeaders(options.headers);
  let headersSent = false;
  let window = defaultWindow;
  /** Streams with unsent bytes, in the order in which they were started. */
  let pending: SendingStream[] = [];

  function writeHeaders(id: number): void {
    const block = headersSent ? headers.again : headers.first;
    headersSent = true;
    const head = { type: frameType.headers, flags: flag.endHeaders, stream: id };
    const at = outbox.reserve(frameHeadLength + block.length);
    writeFrameHead(outbox.bytes(), at, { ...head, length: block.length });
    outbox.bytes().set(block, at + frameHeadLength);
  }

  function writeDataHead(id: number, length: number, isLast: boolean): number {
    const at = outbox.reserve(frameHeadLength + length);
    const flags = isLast ? flag.endStream : 0;
    writeFrameHead(outbox.bytes(), at, { length, type: frameType.data, flags, stream: id });
    window -= length;
    return at + frameHeadLength;
  }

  function writeMessage(target: Buffer, at: number, request: Request): void {
    target[at] = 0;
    target.writeUInt32BE(request.length, at + 1);
    request.write(target, at + prefixLength);
  }

  /** Sends the part of a message that the windows allow. */
  function drain(stream: SendingStream): void {
    while (stream.unsent !== undefined) {
      const { unsent } = stream;
      const length = Math.min(unsent.length, sender.maxFrame, window, stream.window);
      if (length <= 0) return;
      const isLast = length === unsent.length;
      const at = writeDataHead(stream.id, length, isLast);
      unsent.copy(outbox.bytes(), at, 0, length);
      stream.window -= length;
      stream.unsent = isLast ? undefined : unsent.subarray(length);
    }
  }

  const sender: GrpcSender = {
    maxFrame: defaultMaxFrame,
    send(stream, request) {
      const messageLength = prefixLength + request.length;
      writeHeaders(stream.id);
      if (request.fixed !== undefined) {
        stream.unsent = request.fixed;
        pending.push(stream);
        sender.resume();
        return;
      }
      const room = Math.min(sender.maxFrame, window, stream.window);
      if (pending.length === 0 && messageLength <= room) {
        const at = writeDataHead(stream.id, messageLength, true);
        writeMessage(outbox.bytes(), at, request);
        stream.window -= messageLength;
        return;
      }
      stream.unsent = Buffer.allocUnsafe(messageLength);
      writeMessage(stream.unsent, 0, request);
      pending.push(stream);
      sender.resume();
    },
    resume() {
      if (pending.length === 0) return;
      for (const stream of pending) {
        if (window <= 0) break;
        drain(stream);
      }
      pending = pending.filter(({ unsent }) => unsent !== undefined);
    },
    growWindow(increment) {
      window += increment;
    },
  };
  return sender;
}
