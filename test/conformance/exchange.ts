import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import type { ServerHttp2Stream } from "node:http2";
import { gunzipSync } from "node:zlib";
import { frameGrpcMessage } from "../../src/transport/grpc-message.ts";
import type { HeaderFields } from "./own-details.ts";
import { removeOwnDetailsOnStream, removeOwnDetailsOverHttp, toRecord } from "./own-details.ts";

/** Names and values of headers or trailers. */
export type Metadata = readonly (readonly [name: string, values: readonly string[]])[];

/**
 * A request and its response, for what the suite demands and no call of Kith needs: handlers that read
 * the headers of the request, and set headers and trailers of the response.
 */
export interface Exchange {
  readonly requestHeaders: IncomingHttpHeaders;
  setHeaders(metadata: Metadata): void;
  /** Sets the trailers of a call that succeeds. */
  setTrailers(metadata: Metadata): void;
}

/** The exchange of a request on the fast path. */
export function exchangeOnStream(
  stream: ServerHttp2Stream,
  requestHeaders: IncomingHttpHeaders,
): Exchange {
  removeOwnDetailsOnStream(stream);
  return {
    requestHeaders,
    setHeaders(metadata) {
      const respond = stream.respond.bind(stream);
      stream.respond = (headers, options) =>
        respond({ ...toRecord(headers as HeaderFields), ...toObject(metadata) }, options);
    },
    setTrailers(metadata) {
      const sendTrailers = stream.sendTrailers.bind(stream);
      stream.sendTrailers = (trailers) => sendTrailers({ ...trailers, ...toObject(metadata) });
    },
  };
}

/** The exchange of any other request. */
export function exchangeOverHttp(req: IncomingMessage, res: ServerResponse): Exchange {
  removeOwnDetailsOverHttp(res);
  const type = req.headers["content-type"] ?? "";
  const setHeaders = (metadata: Metadata, prefix = "") => {
    for (const [name, values] of metadata) res.setHeader(prefix + name, [...values]);
  };
  return {
    requestHeaders: req.headers,
    setHeaders,
    setTrailers(metadata) {
      if (type.startsWith("application/grpc-web")) {
        editFrame(res, { flag: 0x80, edit: (text) => text + toLines(metadata) });
      } else if (type.startsWith("application/grpc")) {
        const addTrailers = res.addTrailers.bind(res);
        res.addTrailers = (trailers) => addTrailers({ ...trailers, ...toObject(metadata) });
      } else if (type.startsWith("application/connect+")) {
        const edit = (text: string) =>
          JSON.stringify({ ...JSON.parse(text), metadata: toObject(metadata) });
        editFrame(res, { flag: 0x02, edit });
      } else {
        setHeaders(metadata, "trailer-");
      }
    },
  };
}

interface FrameEdit {
  /** The flag of the frame that contains the trailers. */
  readonly flag: number;
  readonly edit: (text: string) => string;
}

/** Edits the last frame of a response. It is written alone, or behind the message that ends the response. */
function editFrame(res: ServerResponse, { flag, edit }: FrameEdit): void {
  // Over HTTP/2, `end` calls `write`.
  let isDone = false;
  function edited(chunk: Uint8Array): Uint8Array {
    if (isDone) return chunk;
    const flags = chunk[0] ?? 0;
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    const end = 5 + bytes.readUInt32BE(1);
    if ((flags & flag) === 0) {
      return end === bytes.length
        ? bytes
        : Buffer.concat([bytes.subarray(0, end), edited(bytes.subarray(end))]);
    }
    isDone = true;
    const payload = bytes.subarray(5);
    const text = Buffer.from((flags & 1) === 1 ? gunzipSync(payload) : payload).toString();
    return frameGrpcMessage(Buffer.from(edit(text)), flag);
  }

  const write = res.write.bind(res) as (chunk: Uint8Array, ...rest: unknown[]) => boolean;
  const end = res.end.bind(res) as (chunk?: Uint8Array) => ServerResponse;
  res.write = (chunk: Uint8Array, ...rest: unknown[]) => write(edited(chunk), ...rest);
  res.end = ((chunk?: unknown) =>
    chunk instanceof Uint8Array ? end(edited(chunk)) : end()) as typeof res.end;
}

function toObject(metadata: Metadata): Record<string, string[]> {
  return Object.fromEntries(metadata.map(([name, values]) => [name.toLowerCase(), [...values]]));
}

function toLines(metadata: Metadata): string {
  return metadata
    .flatMap(([name, values]) => values.map((value) => `${name.toLowerCase()}: ${value}\r\n`))
    .join("");
}
