/** Type OIDs of Postgres, the same in every database. */
const integerType = 23;
const textType = 25;

/** Number of dimensions, null flag, element type, length and lower bound of the dimension. */
const headerBytes = 20;
/** The length before each element. */
const lengthBytes = 4;
/** Most bytes of UTF-8 for each UTF-16 unit. */
const mostBytesPerUnit = 3;

/**
 * An `integer[]` parameter in the binary format, which needs no escaping and no parsing. The driver sends
 * buffers as binary parameters.
 */
export function integerArray(values: readonly number[]): Buffer {
  const buffer = Buffer.allocUnsafe(headerBytes + values.length * (lengthBytes + 4));
  let offset = writeHeader(buffer, integerType, values.length);
  for (const value of values) {
    offset = buffer.writeInt32BE(4, offset);
    offset = buffer.writeInt32BE(value, offset);
  }
  return buffer.subarray(0, offset);
}

/** A `text[]` parameter in the binary format. */
export function textArray(values: readonly string[]): Buffer {
  let most = headerBytes;
  for (const value of values) most += lengthBytes + value.length * mostBytesPerUnit;
  const buffer = Buffer.allocUnsafe(most);
  let offset = writeHeader(buffer, textType, values.length);
  for (const value of values) {
    const length = buffer.write(value, offset + lengthBytes);
    buffer.writeInt32BE(length, offset);
    offset += lengthBytes + length;
  }
  return buffer.subarray(0, offset);
}

/** @returns the offset of the first element */
function writeHeader(buffer: Buffer, elementType: number, length: number): number {
  const hasNulls = 0;
  let offset = buffer.writeInt32BE(length === 0 ? 0 : 1, 0);
  offset = buffer.writeInt32BE(hasNulls, offset);
  offset = buffer.writeInt32BE(elementType, offset);
  if (length === 0) return offset;
  const lowerBound = 1;
  offset = buffer.writeInt32BE(length, offset);
  return buffer.writeInt32BE(lowerBound, offset);
}
