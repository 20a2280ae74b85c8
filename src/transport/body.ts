import type { Readable } from "node:stream";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import type { Fault } from "../errors.ts";
import { fault } from "../errors.ts";

const gunzipAsync = promisify(gunzip);

export interface BodyOptions {
  /** Size limit in bytes, without the prefix. */
  readonly maxBytes: number;
  /** The bytes that precede the content and declare its size, if the protocol has them. */
  readonly prefix?: BodyPrefix;
}

export interface BodyPrefix {
  readonly bytes: number;
  /** The size of the content in bytes, read from the prefix. */
  readonly declaredSize: (start: Buffer) => number;
}

/**
 * Reads a complete body into memory.
 *
 * @throws Fault BODY_TOO_LARGE as soon as the body exceeds the limit, or if its declared size does; the
 *   rest of the body is discarded
 */
export function readBody(source: Readable, { maxBytes, prefix }: BodyOptions): Promise<Buffer> {
  const prefixBytes = prefix?.bytes ?? 0;
  return new Promise((resolve, reject) => {
    // Node ends a stream without a body on its own, possibly before this function is called.
    if (source.readableEnded) resolve(Buffer.alloc(0));
    let chunks: Buffer[] = [];
    let length = 0;
    const onData = (chunk: Buffer) => {
      chunks.push(chunk);
      const isPrefixPending = length < prefixBytes;
      length += chunk.length;
      const size =
        prefix !== undefined && isPrefixPending && length >= prefixBytes
          ? prefix.declaredSize(join(chunks))
          : length - prefixBytes;
      if (size <= maxBytes) return;
      // The stream continues to flow, and the rest of the body is discarded.
      source.off("data", onData);
      chunks = [];
      reject(tooLarge(maxBytes));
    };
    source.on("data", onData);
    source.once("end", () => resolve(join(chunks)));
  });
}

function join(chunks: readonly Buffer[]): Buffer {
  const [first] = chunks;
  return chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks);
}

/**
 * Whether the body of a request is compressed with gzip, according to its header.
 *
 * @param encoding the value of `Content-Encoding` or `grpc-encoding`
 * @throws Fault UNSUPPORTED_ENCODING
 */
export function isGzip(encoding: string | string[] | undefined): boolean {
  const name = String(encoding ?? "")
    .trim()
    .toLowerCase();
  if (name === "gzip") return true;
  if (name === "" || name === "identity") return false;
  throw fault("UNSUPPORTED_ENCODING");
}

/**
 * @param maxBytes size limit of the result
 * @throws Fault BODY_TOO_LARGE, BODY_UNREADABLE
 */
export async function decompress(bytes: Buffer, maxBytes: number): Promise<Buffer> {
  try {
    return await gunzipAsync(bytes, { maxOutputLength: maxBytes });
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ERR_BUFFER_TOO_LARGE") {
      throw tooLarge(maxBytes);
    }
    throw fault("BODY_UNREADABLE", { format: "gzip" }, { cause: error });
  }
}

export function tooLarge(maxBytes: number): Fault {
  return fault("BODY_TOO_LARGE", { limit: maxBytes.toLocaleString("en-US") });
}
