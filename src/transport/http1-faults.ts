import type { IncomingMessage } from "node:http";
import { METHODS } from "node:http";
import type { Fault } from "../errors.ts";
import { fault } from "../errors.ts";

/** Size limit of the URL, and of the URL and the headers together, in bytes. */
export const maxHeaderBytes = 16_384;

/** Characters of a host and a port (RFC 3986). The value may be empty. */
const hostPattern = /^[\w.~%!$&'()*+,;=:[\]-]*$/;

/** The fault of a request that Node parses although HTTP/1 does not allow it (RFC 9112). */
export function requestFault(req: IncomingMessage): Fault | undefined {
  const { httpVersion, headers } = req;
  if (httpVersion !== "1.1" && httpVersion !== "1.0") return unsupportedVersion();
  const coding = headers["transfer-encoding"];
  if (coding !== undefined && coding.toLowerCase() !== "chunked") {
    return fault("UNSUPPORTED_TRANSFER_ENCODING");
  }
  return hostFault(req);
}

function unsupportedVersion(): Fault {
  return fault("UNSUPPORTED_HTTP_VERSION", { versions: "1.0, 1.1, or 2" });
}

/** BAD_REQUEST, if a request of HTTP/1.1 does not have exactly one valid Host (RFC 9112, section 3.2). */
function hostFault({ httpVersion, headers, rawHeaders }: IncomingMessage): Fault | undefined {
  if (httpVersion !== "1.1") return undefined;
  let hosts = 0;
  for (let n = 0; n < rawHeaders.length; n += 2) {
    const name = rawHeaders[n];
    if (name?.length === 4 && name.toLowerCase() === "host") hosts += 1;
  }
  return hosts === 1 && hostPattern.test(headers.host ?? "") ? undefined : fault("BAD_REQUEST");
}

/** A fault of Node's parser. */
export interface ParseError extends Error {
  readonly code?: string;
  /** The bytes that the parser received last. */
  readonly rawPacket?: Buffer;
  /** The number of bytes of this packet before the fault. */
  readonly bytesParsed?: number;
}

/** Whether the bytes that Node cannot parse are HTTP/1 at all: they begin with a method or name the version. */
export function isHttp1({ code, rawPacket = Buffer.alloc(0) }: ParseError): boolean {
  if (code !== "HPE_INVALID_METHOD") return true;
  const line = firstLine(rawPacket);
  return METHODS.includes(/^\S*/.exec(line)?.[0] ?? "") || / HTTP\/\d/.test(line);
}

/**
 * The fault of bytes that Node cannot parse, or does not get in time.
 *
 * @param hasLongLine whether the first bytes of the connection did not contain a whole line
 */
export function parseFault(error: ParseError, hasLongLine: boolean): Fault {
  switch (error.code) {
    case "ERR_HTTP_REQUEST_TIMEOUT":
      return fault("REQUEST_TIMEOUT");
    case "HPE_HEADER_OVERFLOW":
      return fault(
        isUrlTooLong(error.rawPacket, hasLongLine) ? "URI_TOO_LONG" : "HEADERS_TOO_LARGE",
        {
          limit: maxHeaderBytes.toLocaleString("en-US"),
        },
      );
    case "HPE_INVALID_VERSION":
      return unsupportedVersion();
    case "HPE_INVALID_METHOD":
      return fault(hasUnknownMethod(error) ? "METHOD_UNKNOWN" : "BAD_REQUEST");
    default:
      return fault("BAD_REQUEST");
  }
}

/** Node counts the URL and the headers together. The line that exceeds the limit tells them apart. */
function isUrlTooLong(packet: Buffer | undefined, hasLongLine: boolean): boolean {
  if (packet === undefined) return false;
  const line = firstLine(packet);
  if (/^[A-Z-]+ /.test(line)) return line.length > maxHeaderBytes;
  // The packet continues a line that began in an earlier one.
  return hasLongLine && (line.length === packet.length || / HTTP\/\d\.\d\r?$/.test(line));
}

/** The characters of a method (RFC 9110, section 5.6.2). */
const tokenCharacter = "[\\w!#$%&'*+.^`|~-]";
/** The rest of a request line, and of one of which only a part has arrived, from a position within its method. */
const restOfLine = new RegExp(`^${tokenCharacter}* \\S+ HTTP/\\d\\.\\d\\r?$`);
const restOfPartialLine = new RegExp(`^${tokenCharacter}*(?: \\S*(?: [HTP/\\d.]*)?)?$`);
const methodEnd = new RegExp(`${tokenCharacter}$`);

/**
 * Whether the parser stopped in the method of a request line. What precedes the method need not end with a line
 * break, because it can be the body of another request.
 */
function hasUnknownMethod({ rawPacket = Buffer.alloc(0), bytesParsed = 0 }: ParseError): boolean {
  const rest = rawPacket.subarray(bytesParsed);
  const line = firstLine(rest);
  const before = rawPacket.toString("latin1", Math.max(0, bytesParsed - 1), bytesParsed);
  if (line.startsWith(" ") && !methodEnd.test(before)) return false;
  return (rest.includes("\n") ? restOfLine : restOfPartialLine).test(line);
}

function firstLine(bytes: Buffer): string {
  const end = bytes.indexOf("\n");
  return bytes.toString("latin1", 0, end === -1 ? bytes.length : end);
}
