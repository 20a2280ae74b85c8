export interface Http1Answer {
  readonly status: number;
  readonly body: Buffer;
  /** Length of the complete answer, in bytes. */
  readonly length: number;
}

const contentLength = /\r\ncontent-length: *(\d+)/i;
const chunked = /\r\ntransfer-encoding: *chunked/i;

/** Reads one HTTP/1.1 answer. Returns undefined if the answer is not complete yet. */
export function readHttp1Answer(bytes: Buffer, length: number): Http1Answer | undefined {
  const headEnd = bytes.indexOf("\r\n\r\n");
  if (headEnd === -1) return undefined;
  const head = bytes.toString("latin1", 0, headEnd);
  const status = Number(head.slice(9, 12));
  const start = headEnd + 4;
  const announced = contentLength.exec(head)?.[1];
  if (announced !== undefined) {
    const end = start + Number(announced);
    return end > length ? undefined : { status, body: bytes.subarray(start, end), length: end };
  }
  if (!chunked.test(head)) throw new Error("an answer neither has a length nor is chunked");
  const read = readChunks(bytes, start);
  return read && { status, ...read };
}

function readChunks(bytes: Buffer, start: number): Omit<Http1Answer, "status"> | undefined {
  const chunks: Buffer[] = [];
  for (let at = start; ; ) {
    const lineEnd = bytes.indexOf("\r\n", at);
    if (lineEnd === -1) return undefined;
    const size = Number.parseInt(bytes.toString("latin1", at, lineEnd), 16);
    const chunkStart = lineEnd + 2;
    at = chunkStart + size + 2;
    if (at > bytes.length) return undefined;
    if (size === 0) return { body: Buffer.concat(chunks), length: at };
    chunks.push(bytes.subarray(chunkStart, chunkStart + size));
  }
}
