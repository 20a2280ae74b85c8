import type { Readable } from "node:stream";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import type { Cancellation } from "../api/cancellation.ts";
import type { BeforeDecode } from "../api/operation.ts";
import type { EventLoopTurns } from "../contact/event-loop-turns.ts";
import type { Fault } from "../errors.ts";
import { fault } from "../errors.ts";
import { ByteCollector, freeBuffer } from "./byte-collector.ts";
import type { Reservation } from "./memory-pool.ts";
import { createMemoryPool } from "./memory-pool.ts";

const gunzipAsync = promisify(gunzip);

/** Reads the bodies of all calls, with a limit for the memory that large ones take together. */
export interface BodyReader {
  /** Size limit of a body in bytes, before and after decompression. */
  readonly maxBytes: number;
  /**
   * Reads a body into memory, decompresses, and decodes it.
   *
   * @param decode runs in a turn of the event loop of its own if the body is large; what it returns cannot
   *   refer to the bytes, because their memory is freed
   * @throws Fault BODY_TOO_LARGE as soon as the body exceeds the limit, or if its declared size does; the
   *   rest of the body is discarded
   * @throws Fault BODY_UNREADABLE if the body cannot be decompressed; the reason of the cancellation
   */
  read<T>(source: Readable, body: BodyOptions, decode: (bytes: Buffer) => T): Promise<T>;
}

export interface BodyOptions {
  /** Size limit of this body in bytes, at most that of the reader. */
  readonly maxBytes: number;
  /** The declared size in bytes, if it is known before the body. */
  readonly size?: number | undefined;
  /** The bytes that precede the content and declare its size, if the protocol has them. */
  readonly prefix?: BodyPrefix;
  /** Whether the content may be compressed with gzip. */
  readonly mayBeGzip: boolean;
  /** The content of a complete body. Absent: the body is the content, compressed if it may be. */
  readonly unwrap?: (body: Buffer) => Content;
  readonly cancellation: Cancellation;
  readonly beforeDecode?: BeforeDecode | undefined;
}

export interface BodyPrefix {
  readonly bytes: number;
  /** The size of the content in bytes, read from the prefix. */
  readonly declaredSize: (start: Buffer) => number;
}

export interface Content {
  readonly bytes: Buffer;
  readonly isGzip: boolean;
}

/** A body up to this size needs no reservation and no turn of its own, in bytes. */
const smallBytes = 65_536;
/** The memory for large bodies, in bytes. It is higher only if one body can need more. */
const poolBytes = 50_331_648;
/** Deflate expands one byte to at most 1,032 bytes. */
const maxInflation = 1_032;

export interface BodyReaderOptions extends Pick<BodyReader, "maxBytes"> {
  /** The turns in which large bodies are decoded. */
  readonly nextTurn: EventLoopTurns;
}

export function createBodyReader({ maxBytes, nextTurn }: BodyReaderOptions): BodyReader {
  // A body that waits for memory holds none, so one body never needs more than the pool has.
  const pool = createMemoryPool({ maxBytes: Math.max(poolBytes, 4 * maxBytes) });

  /** Node keeps the parts of the result until it joins them. */
  function inflatedBytes(bytes: number, limit: number): number {
    return 2 * Math.min(limit, bytes * maxInflation);
  }

  async function inflate(bytes: Buffer, limit: number, memory: Reservation): Promise<Buffer> {
    const most = inflatedBytes(bytes.length, limit);
    if (!memory.isHeld && most > smallBytes) await memory.take(most);
    return decompress(bytes, limit);
  }

  return {
    maxBytes,
    async read(source, options, decode) {
      const { cancellation, mayBeGzip, maxBytes: limit } = options;
      const memory = pool.reservationFor(cancellation);
      const collected = new ByteCollector();
      let inflated: Buffer | undefined;
      try {
        await receive(source, collected, options, (size) =>
          memory.take(size + (mayBeGzip ? inflatedBytes(size, limit) : 0)),
        );
        const body = collected.bytes;
        const content = options.unwrap?.(body) ?? { bytes: body, isGzip: mayBeGzip };
        cancellation.throwIfAborted();
        if (content.isGzip) inflated = await inflate(content.bytes, limit, memory);
        const bytes = inflated ?? content.bytes;
        if (bytes.length > smallBytes) {
          await nextTurn();
          options.beforeDecode?.();
        }
        cancellation.throwIfAborted();
        return decode(bytes);
      } finally {
        collected.clear();
        if (inflated !== undefined) freeBuffer(inflated);
        memory.release();
      }
    },
  };
}

/**
 * Reads a complete body.
 *
 * @param reserve called once before the body takes more than `smallBytes`, with the size of the body or its limit
 */
function receive(
  source: Readable,
  collected: ByteCollector,
  { maxBytes: limit, size: declared, prefix, cancellation }: BodyOptions,
  reserve: (bytes: number) => Promise<void>,
): Promise<void> {
  const prefixBytes = prefix?.bytes ?? 0;
  return new Promise((resolve, reject) => {
    // Node ends a stream without a body on its own, possibly before this function is called.
    if (source.readableEnded) resolve();
    let size = declared;
    let isReserved = false;
    const stop = (reason: unknown) => {
      // The stream continues to flow, and the rest of the body is discarded.
      source.off("data", onData);
      source.resume();
      reject(reason);
    };
    const onData = (chunk: Buffer) => {
      const isPrefixPending = collected.length < prefixBytes;
      collected.add(chunk);
      if (prefix !== undefined && isPrefixPending && collected.length >= prefixBytes) {
        size = prefix.declaredSize(collected.bytes);
      }
      if (Math.max(size ?? 0, collected.length - prefixBytes) > limit) {
        stop(tooLarge(limit));
        return;
      }
      if (isReserved || collected.length <= smallBytes) return;
      isReserved = true;
      source.pause();
      cancellation.onAbort(stop);
      reserve(size ?? limit).then(() => {
        if (size !== undefined) collected.grow(prefixBytes + size);
        source.resume();
      }, stop);
    };
    source.on("data", onData);
    source.on("end", resolve);
  });
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

/** @throws Fault BODY_TOO_LARGE, BODY_UNREADABLE */
async function decompress(bytes: Buffer, maxBytes: number): Promise<Buffer> {
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
