import { decodeHuffman } from "./huffman.ts";

type Field = readonly [name: string, value: string];

/** Reads header blocks of one connection, in their order: each builds on those before it. */
export type DecodeHeaders = (
  block: Buffer,
  start: number,
  end: number,
  onField: (name: string, value: string) => void,
) => void;

/** RFC 7541, appendix A; a name and perhaps a value in each. */
const staticFields: readonly Field[] = (
  ":authority|:method GET|:method POST|:path /|:path /index.html|:scheme http|:scheme https|" +
  ":status 200|:status 204|:status 206|:status 304|:status 400|:status 404|:status 500|" +
  "accept-charset|accept-encoding gzip, deflate|accept-language|accept-ranges|accept|" +
  "access-control-allow-origin|age|allow|authorization|cache-control|content-disposition|" +
  "content-encoding|content-language|content-length|content-location|content-range|content-type|" +
  "cookie|date|etag|expect|expires|from|host|if-match|if-modified-since|if-none-match|if-range|" +
  "if-unmodified-since|last-modified|link|location|max-forwards|proxy-authenticate|" +
  "proxy-authorization|range|referer|refresh|retry-after|server|set-cookie|" +
  "strict-transport-security|transfer-encoding|user-agent|vary|via|www-authenticate"
)
  .split("|")
  .map((text) => {
    const [name = "", ...value] = text.split(" ");
    return [name, value.join(" ")];
  });

/** The size of the dynamic table, in octets, where no setting says otherwise. */
const defaultTableSize = 4_096;
const entryOverhead = 32;

/** A decoder of HPACK (RFC 7541) with its dynamic table. */
export function createHpackDecoder(): DecodeHeaders {
  const recent: Field[] = [];
  let size = 0;
  let maxSize = defaultTableSize;
  let bytes: Buffer = Buffer.alloc(0);
  let at = 0;

  function integer(prefixBits: number): number {
    const most = (1 << prefixBits) - 1;
    let value = (bytes[at++] as number) & most;
    if (value < most) return value;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++] as number;
      value += (byte & 127) << shift;
      if (byte < 128) return value;
    }
  }

  function text(): string {
    const isHuffman = (bytes[at] as number) >= 128;
    const length = integer(7);
    at += length;
    return isHuffman
      ? decodeHuffman(bytes, at - length, at)
      : bytes.toString("latin1", at - length, at);
  }

  function fieldAt(index: number): Field {
    const field =
      index <= staticFields.length
        ? staticFields[index - 1]
        : recent[recent.length - (index - staticFields.length)];
    if (field === undefined) throw new Error(`HPACK index ${index} refers to nothing`);
    return field;
  }

  function shrinkTo(limit: number): void {
    while (size > limit) size -= sizeOf(recent.shift() as Field);
  }

  function remember(field: Field): void {
    size += sizeOf(field);
    recent.push(field);
    shrinkTo(maxSize);
  }

  return (block, start, end, onField) => {
    bytes = block;
    at = start;
    while (at < end) {
      const first = block[at] as number;
      if (first >= 0x80) {
        const field = fieldAt(integer(7));
        onField(field[0], field[1]);
      } else if (first >= 0x20 && first < 0x40) {
        maxSize = integer(5);
        shrinkTo(maxSize);
      } else {
        const isRemembered = first >= 0x40;
        const index = integer(isRemembered ? 6 : 4);
        const field: Field = [index === 0 ? text() : fieldAt(index)[0], text()];
        if (isRemembered) remember(field);
        onField(field[0], field[1]);
      }
    }
  };
}

function sizeOf([name, value]: Field): number {
  return name.length + value.length + entryOverhead;
}

/**
 * A header block for a request that is made many times: the first time in full, to be remembered by the
 * other side, then as references to what it remembers.
 */
export function encodeRepeatedHeaders(fields: readonly Field[]): {
  readonly first: Buffer;
  readonly again: Buffer;
} {
  const first: number[] = [];
  const again: number[] = [];
  const newFields = fields.filter((field) => staticIndexOf(field) === 0);
  for (const field of fields) {
    const index = staticIndexOf(field);
    if (index > 0) {
      first.push(0x80 | index);
      again.push(0x80 | index);
      continue;
    }
    first.push(0x40, ...literal(field[0]), ...literal(field[1]));
    // The last to be remembered has the lowest number.
    again.push(0x80 | (staticFields.length + newFields.length - newFields.indexOf(field)));
  }
  return { first: Buffer.from(first), again: Buffer.from(again) };
}

function staticIndexOf([name, value]: Field): number {
  return 1 + staticFields.findIndex((field) => field[0] === name && field[1] === value);
}

function literal(value: string): number[] {
  const bytes = [...Buffer.from(value, "latin1")];
  return bytes.length < 127
    ? [bytes.length, ...bytes]
    : [127, ((bytes.length - 127) & 127) | 128, (bytes.length - 127) >> 7, ...bytes];
}
