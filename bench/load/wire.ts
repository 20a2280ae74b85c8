/** Reads the fields of a message in the binary format, in their order. */
export interface FieldReader {
  /** The tag of the next field, or undefined at the end of the message. */
  tag(): number | undefined;
  /** The value of a varint, or NaN if the message ends inside it. */
  varint(): number;
  /** Skips a string or message, and returns its position. */
  bytes(): readonly [start: number, end: number];
}

export function createFieldReader(bytes: Buffer, start: number, end: number): FieldReader {
  let at = start;
  const reader: FieldReader = {
    tag: () => (at < end ? reader.varint() : undefined),
    varint() {
      let value = 0;
      for (let scale = 1; at < end; scale *= 128) {
        const byte = bytes[at++] as number;
        value += (byte & 127) * scale;
        if (byte < 128) return value;
      }
      return Number.NaN;
    },
    bytes() {
      const length = reader.varint();
      at += length;
      return [at - length, at];
    },
  };
  return reader;
}
