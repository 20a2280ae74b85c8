import { once } from "node:events";
import type { ClientHttp2Session, IncomingHttpHeaders, OutgoingHttpHeaders } from "node:http2";
import { connect as connectHttp2 } from "node:http2";
import type { Socket } from "node:net";
import { connect } from "node:net";
import { Duplex } from "node:stream";

/** Longest wait for an answer or an end, in milliseconds: what takes longer hangs. */
const patienceMs = 30_000;

/** Bytes sent and received as they are, for requests that no client library would make. */
export interface RawConnection extends Disposable {
  send(bytes: string | Uint8Array): void;
  /** Closes our half: no more bytes follow. */
  end(): void;
  /** Waits until what was received so far is enough, or the other side closes. */
  until(isEnough: (received: Buffer) => boolean): Promise<RawReceived>;
}

export interface RawReceived {
  readonly bytes: Buffer;
  readonly closed: boolean;
}

export async function openRaw(port: number): Promise<RawConnection> {
  const socket = connect({ host: "127.0.0.1", port, allowHalfOpen: true });
  await once(socket, "connect");
  const chunks: Buffer[] = [];
  let closed = false;
  let onChange = () => {};
  const noteClosed = () => {
    closed = true;
    onChange();
  };
  socket.on("data", (chunk) => {
    chunks.push(chunk);
    onChange();
  });
  // A reset is an end too: it says no more than a close does.
  for (const event of ["end", "close", "error"]) socket.on(event, noteClosed);

  return {
    send: (bytes) => void socket.write(bytes),
    end: () => void socket.end(),
    async until(isEnough) {
      await within("no answer", (done) => {
        onChange = () => {
          if (closed || isEnough(Buffer.concat(chunks))) done();
        };
        onChange();
      });
      return { bytes: Buffer.concat(chunks), closed };
    },
    [Symbol.dispose]: () => void socket.destroy(),
  };
}

/** Runs something that calls `done`, and fails where it takes too long. */
export async function within(
  complaint: string,
  run: (done: () => void) => void,
  limitMs = patienceMs,
): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new Error(`${complaint} within ${limitMs} ms`));
    }, limitMs);
    run(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}

/** Sends the bytes on a new connection, and waits for so many HTTP/1 answers, or its end. */
export async function exchangeHttp1(
  port: number,
  bytes: string | Uint8Array,
  { answers = 1 }: { readonly answers?: number } = {},
): Promise<{ readonly answers: Http1Answer[]; readonly closed: boolean }> {
  using connection = await openRaw(port);
  connection.send(bytes);
  const received = await connection.until((so) => parseHttp1(so, false).length >= answers);
  return { answers: parseHttp1(received.bytes, received.closed), closed: received.closed };
}

export interface Http1Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The whole HTTP/1 answers among the bytes; `100 Continue` counts as one. */
export function parseHttp1(bytes: Buffer, closed: boolean): Http1Answer[] {
  const answers: Http1Answer[] = [];
  let rest = bytes.toString("latin1");
  for (;;) {
    const headEnd = rest.indexOf("\r\n\r\n");
    if (headEnd === -1) return answers;
    const [statusLine = "", ...lines] = rest.slice(0, headEnd).split("\r\n");
    const headers = Object.fromEntries(
      lines.map((line) => {
        const colon = line.indexOf(":");
        return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
      }),
    );
    const status = Number(statusLine.split(" ")[1]);
    rest = rest.slice(headEnd + 4);
    const length = bodyLength(status, headers, rest, closed);
    if (length === undefined) return answers;
    answers.push({ status, headers, body: rest.slice(0, length) });
    rest = rest.slice(length);
  }
}

function bodyLength(
  status: number,
  headers: Readonly<Record<string, string>>,
  rest: string,
  closed: boolean,
): number | undefined {
  if (status < 200 || status === 204 || status === 304) return 0;
  if (headers["transfer-encoding"] === "chunked") {
    const end = /(^|\r\n)0\r\n\r\n/.exec(rest);
    return end === null ? undefined : end.index + end[0].length;
  }
  const length = headers["content-length"];
  if (length === undefined) return closed ? rest.length : undefined;
  // An answer to HEAD has a length and no body: the end of the connection ends it.
  if (rest.length < Number(length)) return closed ? rest.length : undefined;
  return Number(length);
}

/** What came back for one HTTP/2 request. */
export interface Http2Answer {
  /** Absent where the stream or the connection ended without an answer. */
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly trailers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** An HTTP/2 connection whose failures end its requests, and nothing else. */
export function openHttp2(port: number, socket?: () => Duplex): ClientHttp2Session & Disposable {
  const session = connectHttp2(
    `http://127.0.0.1:${port}`,
    socket === undefined ? {} : { createConnection: socket },
  );
  session.on("error", () => {});
  return Object.assign(session, { [Symbol.dispose]: () => session.destroy() });
}

export interface Http2Request {
  readonly headers: OutgoingHttpHeaders;
  readonly body?: Uint8Array;
  /** False leaves the request open: the sender goes silent. */
  readonly end?: boolean;
}

export async function exchangeHttp2(
  session: ClientHttp2Session,
  { headers, body, end = true }: Http2Request,
): Promise<Http2Answer> {
  const stream = session.request({ ":method": "POST", ...headers }, { endStream: false });
  const chunks: Buffer[] = [];
  let answer: IncomingHttpHeaders & { ":status"?: number | undefined } = {};
  let trailers: IncomingHttpHeaders = {};
  stream.on("response", (received) => {
    answer = received;
  });
  stream.on("trailers", (received) => {
    trailers = received;
  });
  stream.on("data", (chunk) => chunks.push(chunk));
  stream.on("error", () => {});
  if (body !== undefined) stream.write(body);
  if (end) stream.end();
  await within("no end of the HTTP/2 stream", (done) => {
    stream.once("end", done);
    stream.once("close", done);
  });
  stream.close();
  return { status: answer[":status"], headers: answer, trailers, body: Buffer.concat(chunks) };
}

/** The gRPC status number of an answer: of its trailers, or of its headers where it has no body. */
export function grpcStatusOf({ headers, trailers }: Http2Answer): number | undefined {
  const value = trailers["grpc-status"] ?? headers["grpc-status"];
  return value === undefined ? undefined : Number(value);
}

export interface GrpcPrefix {
  /** 0 plain, 1 compressed. */
  readonly flags?: number;
  /** What the prefix promises; by default the truth. */
  readonly length?: number;
}

/** A gRPC message with its prefix of five bytes. */
export function grpcFrame(message: Uint8Array, { flags = 0, length }: GrpcPrefix = {}): Buffer {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt8(flags, 0);
  prefix.writeUInt32BE(length ?? message.length, 1);
  return Buffer.concat([prefix, message]);
}

export interface Http2FrameParts {
  readonly flags?: number;
  readonly stream?: number;
  readonly payload?: Uint8Array;
  /** What the head says; by default the truth. */
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
 * client, which reads the answer, sends headers that it would refuse to make.
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
