/** Frame types of HTTP/2 (RFC 9113, section 6) that a client handles. */
export const frameType = {
  data: 0,
  headers: 1,
  resetStream: 3,
  settings: 4,
  ping: 6,
  goAway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;

export const flag = {
  endStream: 0x1,
  ack: 0x1,
  endHeaders: 0x4,
  padded: 0x8,
  priority: 0x20,
} as const;

export const setting = {
  headerTableSize: 1,
  enablePush: 2,
  maxConcurrentStreams: 3,
  initialWindowSize: 4,
  maxFrameSize: 5,
} as const;

/** The first bytes of every HTTP/2 connection. */
export const preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

/** Length of the header of a frame, in bytes. */
export const frameHeadLength = 9;
/** Initial limits, in bytes. A SETTINGS frame can change them. */
export const defaultWindow = 65_535;
export const defaultMaxFrame = 16_384;

export interface FrameHead {
  readonly length: number;
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
}

export function writeFrameHead(target: Buffer, at: number, head: FrameHead): void {
  target.writeUIntBE(head.length, at, 3);
  target[at + 3] = head.type;
  target[at + 4] = head.flags;
  target.writeUInt32BE(head.stream, at + 5);
}

export function frame(head: Omit<FrameHead, "length">, payload: Uint8Array = Buffer.of()): Buffer {
  const bytes = Buffer.alloc(frameHeadLength + payload.length);
  writeFrameHead(bytes, 0, { ...head, length: payload.length });
  bytes.set(payload, frameHeadLength);
  return bytes;
}

export function settingsFrame(settings: readonly (readonly [id: number, value: number])[]): Buffer {
  const payload = Buffer.alloc(settings.length * 6);
  settings.forEach(([id, value], n) => {
    payload.writeUInt16BE(id, n * 6);
    payload.writeUInt32BE(value, n * 6 + 2);
  });
  return frame({ type: frameType.settings, flags: 0, stream: 0 }, payload);
}

export function resetFrame(stream: number, code: number): Buffer {
  const payload = Buffer.alloc(4);
  payload.writeUInt32BE(code);
  return frame({ type: frameType.resetStream, flags: 0, stream }, payload);
}

export function windowUpdateFrame(stream: number, increment: number): Buffer {
  const payload = Buffer.alloc(4);
  payload.writeUInt32BE(increment);
  return frame({ type: frameType.windowUpdate, flags: 0, stream }, payload);
}
