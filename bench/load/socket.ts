import { once } from "node:events";
import type { Socket } from "node:net";
import { connect } from "node:net";

/** Collects outgoing bytes, so that many calls are sent with one write. */
export interface Outbox {
  /** Makes room for a number of bytes. Returns the offset in `bytes()` at which to write them. */
  reserve(length: number): number;
  bytes(): Buffer;
  flush(): void;
  /** Sends bytes that never change, after the collected ones and without a copy. */
  send(bytes: Buffer): void;
}

export interface LoadSocket {
  readonly outbox: Outbox;
  close(): void;
}

export interface LoadSocketOptions {
  readonly port: number;
  /**
   * Called with the received bytes. Returns how many bytes were used. The next call begins with
   * the other bytes. The buffer is reused after the call.
   */
  readonly onBytes: (bytes: Buffer, length: number) => number;
  readonly onLost: (error: Error) => void;
}

const readBufferSize = 1 << 16;
const writeBufferSize = 1 << 16;

/** Opens a TCP connection to this machine. It reads into one buffer, which costs less than a stream. */
export async function openLoadSocket(options: LoadSocketOptions): Promise<LoadSocket> {
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
      // If the kernel did not accept all bytes, the socket still reads from the buffer.
      if (socket.writableLength > 0) buffer = Buffer.allocUnsafeSlow(writeBufferSize);
    },
    send(bytes) {
      outbox.flush();
      socket.write(bytes);
    },
  };
  return outbox;
}
