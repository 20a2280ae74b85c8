import type { IncomingMessage } from "node:http";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { fault } from "../../errors.ts";
import type { Cancellation } from "../../rpc/cancellation.ts";
import { isObject } from "./decode.ts";

const gunzipAsync = promisify(gunzip);

/**
 * Checks what the headers say of a body, so that a request that cannot be served is refused unread.
 *
 * @throws Fault BODY_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE, UNSUPPORTED_ENCODING
 */
export function checkBodyHeaders(req: IncomingMessage, maxBytes: number): void {
  if (Number(req.headers["content-length"] ?? 0) > maxBytes) throw tooLarge(maxBytes);
  if (!isJsonType(req.headers["content-type"])) throw fault("UNSUPPORTED_MEDIA_TYPE");
  const encoding = encodingOf(req);
  if (encoding !== "identity" && encoding !== "gzip") throw fault("UNSUPPORTED_ENCODING");
}

/**
 * Reads a JSON object of at most `maxBytes` bytes, before and after decompression.
 *
 * @throws Fault BODY_TOO_LARGE, BODY_UNREADABLE, BODY_NOT_OBJECT
 * @throws the reason of the cancellation, once it is aborted
 */
export async function readJsonBody(
  req: IncomingMessage,
  limits: { readonly maxBytes: number; readonly cancellation: Cancellation },
): Promise<Readonly<Record<string, unknown>>> {
  const raw = await readBytes(req, limits.maxBytes, limits.cancellation);
  const bytes = encodingOf(req) === "gzip" ? await decompress(raw, limits.maxBytes) : raw;
  const json = parseJson(bytes);
  if (!isObject(json)) throw fault("BODY_NOT_OBJECT");
  return json;
}

/** `application/json`, with a charset of UTF-8 or none. */
function isJsonType(contentType: string | undefined): boolean {
  if (contentType === "application/json") return true;
  const [type = "", ...parameters] = (contentType ?? "").toLowerCase().split(";");
  const charset = parameters.map((p) => p.trim()).find((p) => p.startsWith("charset="));
  return (
    type.trim() === "application/json" &&
    (charset === undefined || /^charset="?utf-?8"?$/.test(charset))
  );
}

function encodingOf(req: IncomingMessage): string {
  return (req.headers["content-encoding"] ?? "identity").trim().toLowerCase();
}

function readBytes(
  req: IncomingMessage,
  maxBytes: number,
  cancellation: Cancellation,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const onData = (chunk: Buffer) => {
      length += chunk.length;
      if (length <= maxBytes) chunks.push(chunk);
      else fail(tooLarge(maxBytes));
    };
    const fail = (reason: unknown) => {
      req.off("data", onData);
      reject(reason);
    };
    req.on("data", onData);
    req.once("end", () =>
      resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)),
    );
    req.once("error", reject);
    cancellation.onAbort(fail);
  });
}

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

const utf8 = new TextDecoder("utf-8", { fatal: true });

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(utf8.decode(bytes));
  } catch (error) {
    throw fault("BODY_UNREADABLE", { format: "JSON" }, { cause: error });
  }
}

function tooLarge(maxBytes: number) {
  return fault("BODY_TOO_LARGE", { limit: maxBytes.toLocaleString("en-US") });
}
