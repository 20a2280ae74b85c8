import type { Socket } from "node:net";
import { connect } from "node:net";
import { Duplex } from "node:stream";

export interface Http2FrameParts {
  readonly flags?: number;
  readonly stream?: number;
  readonly payload?: Uint8Array;
  /** The length in the head. Default: the real length. */
  readonly length?: number;
}

/** One HTTP/2 frame. */
export function http2Frame(
  type: number,
  { flags = 0, stream = 0, payload = new Uint8Array(), length }: Http2FrameParts,
): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(length ?? payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

export const http2Preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
export const emptySettings: Buffer = http2Frame(4, {});

/** A header block that uses neither table nor Huffman coding: any names and values, in any order. */
export function headerBlock(fields: readonly (readonly [name: string, value: string])[]): Buffer {
  const literal = (text: string) => {
    const bytes = Buffer.from(text, "latin1");
    return Buffer.concat([prefixedInteger(bytes.length), bytes]);
  };
  return Buffer.concat(
    fields.flatMap(([name, value]) => [Buffer.from([0]), literal(name), literal(value)]),
  );
}

/** An HPACK integer with a prefix of seven bits. */
function prefixedInteger(value: number): Buffer {
  if (value < 127) return Buffer.from([value]);
  const bytes = [127];
  let rest = value - 127;
  for (; rest >= 128; rest >>>= 7) bytes.push((rest & 127) | 128);
  return Buffer.from([...bytes, rest]);
}

/**
 * A connection on which the header block of the first request is replaced by this one, so that Node's
 * client, which reads the answer, sends headers that it would not create itself.
 */
export function withHeaderBlock(port: number, block: Buffer): () => Duplex {
  return () => rewriteFirstHeaders(connect({ host: "127.0.0.1", port }), block);
}

function rewriteFirstHeaders(socket: Socket, block: Buffer): Duplex {
  const headersType = 1;
  const endStream = 0x1;
  const endHeaders = 0x4;
  let pending: Buffer = Buffer.alloc(0);
  let prefaceLeft = http2Preface.length;
  let replaced = false;

  function nextFrame(): Buffer | undefined {
    if (pending.length < 9) return undefined;
    const size = 9 + pending.readUIntBE(0, 3);
    if (pending.length < size) return undefined;
    const frame = pending.subarray(0, size);
    pending = pending.subarray(size);
    if (replaced || frame[3] !== headersType) return frame;
    replaced = true;
    const flags = endHeaders | ((frame[4] ?? 0) & endStream);
    return http2Frame(headersType, { flags, stream: frame.readUInt32BE(5), payload: block });
  }

  const duplex = new Duplex({
    read: () => void socket.resume(),
    write(chunk: Buffer, _, done) {
      const preface = chunk.subarray(0, prefaceLeft);
      prefaceLeft -= preface.length;
      if (preface.length > 0) socket.write(preface);
      pending = Buffer.concat([pending, chunk.subarray(preface.length)]);
      for (let frame = nextFrame(); frame; frame = nextFrame()) socket.write(frame);
      done();
    },
    final: (done) => void socket.end(done),
    destroy(error, done) {
      socket.destroy();
      done(error);
    },
  });
  socket.on("data", (chunk) => duplex.push(chunk));
  socket.on("error", () => duplex.destroy());
  socket.on("close", () => duplex.push(null));
  return duplex;
}
