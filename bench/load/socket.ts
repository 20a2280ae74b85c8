import { once } from "node:events";
import type { Socket } from "node:net";
import { connect } from "node:net";

/** Bytes on their way out, gathered so that many calls go with one write. */
export interface Outbox {
  /** Makes room for so many bytes; they are to be written to `bytes()`, from the answer on. */
  reserve(length: number): number;
  bytes(): Buffer;
  flush(): void;
}

export interface LeanSocket {
  readonly outbox: Outbox;
  close(): void;
}

export interface LeanSocketOptions {
  readonly port: number;
  /**
   * Takes what has been received and returns how much of it was used; the rest comes again with more
   * behind it. The buffer is used again after the call.
   */
  readonly onBytes: (bytes: Buffer, length: number) => number;
  readonly onLost: (error: Error) => void;
}

const readBufferSize = 1 << 16;
const writeBufferSize = 1 << 16;

/** A TCP connection to this machine that reads into one buffer, without the cost of a stream. */
export async function openLeanSocket(options: LeanSocketOptions): Promise<LeanSocket> {
  const { port, onBytes, onLost } = options;
  let rest: Buffer | undefined;
  let closed = false;

  const lose = (error: Error) => {
    if (closed) return;
    closed = true;
    socket.destroy();
    onLost(error);
  };
  const socket = connect({
    host: "127.0.0.1",
    port,
    noDelay: true,
    onread: {
      buffer: Buffer.allocUnsafeSlow(readBufferSize),
      callback: (length, buffer) => {
        if (closed) return false;
        const received = (buffer as Buffer).subarray(0, length);
        const bytes = rest === undefined ? received : Buffer.concat([rest, received]);
        try {
          const used = onBytes(bytes, bytes.length);
          rest = used < bytes.length ? Buffer.from(bytes.subarray(used)) : undefined;
        } catch (error) {
          lose(error as Error);
        }
        return true;
      },
    },
  });
  await once(socket, "connect");
  socket.on("error", lose);
  socket.on("close", () => lose(new Error("the server closed the connection")));
  return {
    outbox: createOutbox(socket),
    close() {
      closed = true;
      socket.destroy();
    },
  };
}

function createOutbox(socket: Socket): Outbox {
  let buffer = Buffer.allocUnsafeSlow(writeBufferSize);
  let used = 0;
  const outbox: Outbox = {
    reserve(length) {
      if (used + length > buffer.length) outbox.flush();
      if (length > buffer.length) buffer = Buffer.allocUnsafeSlow(length);
      used += length;
      return used - length;
    },
    bytes: () => buffer,
    flush() {
      if (used === 0) return;
      socket.write(buffer.subarray(0, used));
      used = 0;
      // Nothing is left in the queue if the kernel took it all; else it is still being read.
      if (socket.writableLength > 0) buffer = Buffer.allocUnsafeSlow(writeBufferSize);
    },
  };
  return outbox;
}
