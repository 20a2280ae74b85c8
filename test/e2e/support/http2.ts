import { once } from "node:events";
import type { ClientHttp2Session, IncomingHttpHeaders, OutgoingHttpHeaders } from "node:http2";
import { connect as connectHttp2 } from "node:http2";
import type { Duplex } from "node:stream";
import { within } from "../../support/raw.ts";

/** What came back for one HTTP/2 request. */
export interface Http2Answer {
  /** Absent if the stream or the connection ended without an answer. */
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly trailers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** An HTTP/2 connection. If it fails, its requests end, and no error is thrown. */
export function openHttp2(port: number, socket?: () => Duplex): ClientHttp2Session & Disposable {
  const session = connectHttp2(`http://127.0.0.1:${port}`, {
    // Some tests send more than the default of 64 kB.
    maxSendHeaderBlockLength: 1_048_576,
    ...(socket === undefined ? {} : { createConnection: socket }),
  });
  session.on("error", () => {});
  return Object.assign(session, { [Symbol.dispose]: () => session.destroy() });
}

export interface Http2Request {
  readonly headers: OutgoingHttpHeaders;
  readonly body?: Uint8Array;
  /** False does not end the request: the sender goes silent. */
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

/** Waits until the server has read everything that was sent on the connection. */
export async function untilRead(session: ClientHttp2Session): Promise<void> {
  // Node answers a ping itself while it still connects. The server may not have accepted the connection yet.
  if (session.connecting) await once(session, "connect");
  // The first ping may overtake frames that are not sent yet. They have been sent when it is answered.
  for (const _ of ["sent", "read"]) {
    await within("no answer to a ping", (done) => {
      session.ping((error) => {
        if (error === null) done();
      });
    });
  }
}

/** The gRPC status number of an answer: of its trailers, or of its headers if it has no body. */
export function grpcStatusOf({ headers, trailers }: Http2Answer): number | undefined {
  const value = trailers["grpc-status"] ?? headers["grpc-status"];
  return value === undefined ? undefined : Number(value);
}

export interface GrpcPrefix {
  /** 0 plain, 1 compressed. */
  readonly flags?: number;
  /** The length in the prefix. Default: the length of the message. */
  readonly length?: number;
}

/** A gRPC message with its prefix of five bytes. */
export function grpcFrame(message: Uint8Array, { flags = 0, length }: GrpcPrefix = {}): Buffer {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt8(flags, 0);
  prefix.writeUInt32BE(length ?? message.length, 1);
  return Buffer.concat([prefix, message]);
}
