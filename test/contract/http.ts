import type { OutgoingHttpHeaders } from "node:http";
import { request as http1Request } from "node:http";
import { connect as http2Connect } from "node:http2";
import type { Readable } from "node:stream";

export interface HttpRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[]>>;
  readonly body?: Uint8Array | undefined;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
}

/** Sends one request on a new connection, with the given headers and Host only. */
export type Send = (port: number, request: HttpRequest) => Promise<HttpAnswer>;

export const sendHttp1: Send = (port, { method, path, headers, body }) =>
  new Promise((resolve, reject) => {
    const options = { host: "127.0.0.1", port, method, path, headers: sized(headers, body) };
    const req = http1Request({ ...options, agent: false }, (res) => {
      collect(res).then(
        (text) => resolve({ status: res.statusCode ?? 0, headers: res.headers, text }),
        reject,
      );
    });
    // The response may arrive before the body is sent. The request failed only if there is no response.
    req.on("error", reject);
    req.end(body);
  });

export const sendHttp2: Send = async (port, { method, path, headers, body }) => {
  const session = http2Connect(`http://127.0.0.1:${port}`);
  try {
    return await new Promise<HttpAnswer>((resolve, reject) => {
      session.on("error", reject);
      const pseudo = { ":method": method, ":path": path };
      const stream = session.request(
        { ...pseudo, ...lowerCased(sized(headers, body)) },
        { endStream: body === undefined },
      );
      stream.on("error", reject);
      stream.on("response", (received) => {
        collect(stream).then(
          (text) => resolve({ status: received[":status"] ?? 0, headers: received, text }),
          reject,
        );
      });
      if (body !== undefined) stream.end(body);
    });
  } finally {
    session.destroy();
  }
};

/** The functions that send a request over REST, by the name of the protocol. */
export const restVersions: Readonly<Record<string, Send>> = {
  "REST over HTTP/1.1": sendHttp1,
  "REST over HTTP/2": sendHttp2,
};

/** Adds the length of the body, unless the request sends it in chunks. */
function sized(headers: HttpRequest["headers"], body: Uint8Array | undefined): OutgoingHttpHeaders {
  if (body === undefined || "transfer-encoding" in headers) return { ...headers };
  return { "content-length": String(body.length), ...headers };
}

function lowerCased(headers: OutgoingHttpHeaders): OutgoingHttpHeaders {
  const pairs = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]);
  const { "transfer-encoding": _, ...rest } = Object.fromEntries(pairs);
  return rest;
}

async function collect(stream: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
