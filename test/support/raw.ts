import { once } from "node:events";
import { connect } from "node:net";
import { patienceMs } from "./patience.ts";

/** A connection that sends and receives raw bytes, for requests that no client library sends. */
export interface RawConnection extends Disposable {
  send(bytes: string | Uint8Array): void;
  /** Closes the sending side of the connection. */
  end(): void;
  /** Closes the connection with a reset (RST). */
  reset(): void;
  /**
   * Waits until the received bytes are enough, or until the server closes the connection.
   *
   * @param waitMs the maximum wait in milliseconds; without it, a wait that takes too long fails
   */
  until(isEnough: (received: Buffer) => boolean, waitMs?: number): Promise<RawReceived>;
}

export interface RawReceived {
  readonly bytes: Buffer;
  readonly closed: boolean;
}

export async function openRaw(port: number): Promise<RawConnection> {
  const socket = connect({ host: "127.0.0.1", port });
  await once(socket, "connect");
  const chunks: Buffer[] = [];
  let closed = false;
  const watchers = new Set<() => void>();
  const notify = () => {
    for (const look of watchers) look();
  };
  const noteClosed = () => {
    closed = true;
    notify();
  };
  socket.on("data", (chunk) => {
    chunks.push(chunk);
    notify();
  });
  // A reset also ends the connection, and is treated like a close.
  for (const event of ["end", "close", "error"]) socket.on(event, noteClosed);

  return {
    send: (bytes) => void socket.write(bytes),
    end: () => void socket.end(),
    reset: () => void socket.resetAndDestroy(),
    async until(isEnough, waitMs) {
      await within("no response", (done) => {
        const look = () => {
          if (!closed && !isEnough(Buffer.concat(chunks))) return;
          watchers.delete(look);
          done();
        };
        watchers.add(look);
        look();
        if (waitMs !== undefined) setTimeout(done, waitMs);
      });
      return { bytes: Buffer.concat(chunks), closed };
    },
    [Symbol.dispose]: () => void socket.destroy(),
  };
}

/** Runs a function that calls `done`. Fails if that takes too long. */
export async function within(
  problem: string,
  run: (done: () => void) => void,
  limitMs = patienceMs,
): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new Error(`${problem} within ${limitMs} ms`));
    }, limitMs);
    run(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}

/** Sends the bytes on a new connection. Waits for `answers` responses or for the end of the connection. */
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

/** The complete HTTP/1 responses in the bytes. `100 Continue` counts as a response. */
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
  // A response to HEAD has a length but no body. It ends with the connection.
  if (rest.length < Number(length)) return closed ? rest.length : undefined;
  return Number(length);
}
