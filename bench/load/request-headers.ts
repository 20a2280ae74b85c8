type Field = readonly [name: string, value: string];

/** Fields of the static table of HPACK (RFC 7541, appendix A) that requests use, with their index. */
const staticIndex: Readonly<Record<string, number>> = { ":method POST": 3, ":scheme http": 6 };
/** Index of the newest entry of the dynamic table. */
const firstDynamicIndex = 62;

/**
 * Encodes the headers of a request that is sent many times on one connection. The first block adds the
 * fields to the server's table. The other blocks refer to the table.
 */
export function encodeRepeatedHeaders(fields: readonly Field[]): {
  readonly first: Buffer;
  readonly again: Buffer;
} {
  const first: number[] = [];
  const again: number[] = [];
  const added = fields.filter((field) => staticIndexOf(field) === undefined);
  for (const field of fields) {
    const index = staticIndexOf(field);
    if (index === undefined) {
      first.push(0x40, ...literal(field[0]), ...literal(field[1]));
      again.push(0x80 | (firstDynamicIndex + added.length - 1 - added.indexOf(field)));
    } else {
      first.push(0x80 | index);
      again.push(0x80 | index);
    }
  }
  return { first: Buffer.from(first), again: Buffer.from(again) };
}

function staticIndexOf([name, value]: Field): number | undefined {
  return staticIndex[`${name} ${value}`];
}

/** A length and the bytes of a string, without Huffman coding. */
function literal(value: string): number[] {
  const bytes = [...Buffer.from(value, "latin1")];
  return bytes.length < 127
    ? [bytes.length, ...bytes]
    : [127, ((bytes.length - 127) & 127) | 128, (bytes.length - 127) >> 7, ...bytes];
}
