/** The start of Postgres for all three words of the state. */
const seed = 0x9e37_79b9 + 3_923_095;
/** Bytes that one round takes. */
const blockBytes = 12;

const rotate = (word: number, bits: number) => (word << bits) | (word >>> (32 - bits));

/**
 * The hash of a text in Postgres (`hashtext`), as a signed integer of 32 bits. It is lookup3 of Bob Jenkins,
 * with another start. Citus finds the shard of a row by it. A test compares it with Postgres.
 */
export function hashText(text: string): number {
  const bytes = Buffer.from(text);
  let a = (seed + bytes.length) | 0;
  let b = a;
  let c = a;
  let at = 0;
  for (; bytes.length - at >= blockBytes; at += blockBytes) {
    a = (a + bytes.readInt32LE(at)) | 0;
    b = (b + bytes.readInt32LE(at + 4)) | 0;
    c = (c + bytes.readInt32LE(at + 8)) | 0;
    a = ((a - c) | 0) ^ rotate(c, 4);
    c = (c + b) | 0;
    b = ((b - a) | 0) ^ rotate(a, 6);
    a = (a + c) | 0;
    c = ((c - b) | 0) ^ rotate(b, 8);
    b = (b + a) | 0;
    a = ((a - c) | 0) ^ rotate(c, 16);
    c = (c + b) | 0;
    b = ((b - a) | 0) ^ rotate(a, 19);
    a = (a + c) | 0;
    c = ((c - b) | 0) ^ rotate(b, 4);
    b = (b + a) | 0;
  }
  // The lowest byte of the third word is not used here.
  for (let n = 0; at + n < bytes.length; n++) {
    const byte = bytes[at + n] as number;
    if (n < 4) a = (a + (byte << (8 * n))) | 0;
    else if (n < 8) b = (b + (byte << (8 * (n - 4)))) | 0;
    else c = (c + (byte << (8 * (n - 7)))) | 0;
  }
  c = ((c ^ b) - rotate(b, 14)) | 0;
  a = ((a ^ c) - rotate(c, 11)) | 0;
  b = ((b ^ a) - rotate(a, 25)) | 0;
  c = ((c ^ b) - rotate(b, 16)) | 0;
  a = ((a ^ c) - rotate(c, 4)) | 0;
  b = ((b ^ a) - rotate(a, 14)) | 0;
  return ((c ^ b) - rotate(b, 24)) | 0;
}
