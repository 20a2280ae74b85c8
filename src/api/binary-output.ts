const startBytes = 16_384;
/** A larger buffer is not kept for the next message. */
const maxKeptBytes = 1_048_576;
/** The most bytes that a varint takes. */
const maxVarintBytes = 10;
/** The most bytes of UTF-8 for one UTF-16 code unit. */
const maxUnitBytes = 3;

/** The bytes of a protobuf message that is being written. Its buffer is used for one message after another. */
export class BinaryOutput {
  #bytes = Buffer.allocUnsafeSlow(startBytes);
  #at = 0;

  /** Begins a message, with free bytes before it. */
  reset(prefixBytes: number): void {
    if (this.#bytes.length > maxKeptBytes) this.#bytes = Buffer.allocUnsafeSlow(startBytes);
    this.#at = prefixBytes;
  }

  /** A copy of the bytes, those before the message included. */
  copy(): Buffer {
    return Buffer.from(this.#bytes.subarray(0, this.#at));
  }

  /** @param value a whole number from 0 to 2 ** 53 - 1 */
  varint(value: number): void {
    this.#reserve(maxVarintBytes);
    let rest = value;
    while (rest > 127) {
      this.#bytes[this.#at++] = (rest % 128) | 128;
      rest = Math.floor(rest / 128);
    }
    this.#bytes[this.#at++] = rest;
  }

  int32(value: number): void {
    if (value >= 0) this.varint(value);
    else this.#bigVarint(BigInt(value));
  }

  int64(value: bigint): void {
    const number = Number(value);
    if (number >= 0 && number <= Number.MAX_SAFE_INTEGER) this.varint(number);
    else this.#bigVarint(value);
  }

  /** Writes a text in UTF-8, with its length. */
  text(text: string): void {
    this.#reserve(maxVarintBytes + maxUnitBytes * text.length);
    const start = this.beginLength();
    const bytes = this.#bytes;
    let at = this.#at;
    // Faster than a call of the library for short texts, most of which are ASCII.
    for (let n = 0; n < text.length; n++) {
      const unit = text.charCodeAt(n);
      if (unit > 127) {
        at = this.#at + bytes.write(text, this.#at);
        break;
      }
      bytes[at++] = unit;
    }
    this.#at = at;
    this.endLength(start);
  }

  /** Leaves one byte for a length. @returns the position to pass to `endLength` */
  beginLength(): number {
    this.#reserve(maxVarintBytes);
    return this.#at++;
  }

  /** Writes the length of all bytes since `beginLength`. They are moved if it takes more than one byte. */
  endLength(start: number): void {
    const from = start + 1;
    const length = this.#at - from;
    if (length < 128) {
      this.#bytes[start] = length;
      return;
    }
    let lengthBytes = 2;
    while (length >= 128 ** lengthBytes) lengthBytes += 1;
    this.#reserve(lengthBytes);
    this.#bytes.copyWithin(start + lengthBytes, from, this.#at);
    this.#at = start;
    this.varint(length);
    this.#at += length;
  }

  /** Writes a number of 64 bits in two's complement. */
  #bigVarint(value: bigint): void {
    this.#reserve(maxVarintBytes);
    let rest = BigInt.asUintN(64, value);
    while (rest > 127n) {
      this.#bytes[this.#at++] = Number(rest & 127n) | 128;
      rest >>= 7n;
    }
    this.#bytes[this.#at++] = Number(rest);
  }

  #reserve(more: number): void {
    const needed = this.#at + more;
    if (needed <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(2 * needed);
    this.#bytes.copy(larger, 0, 0, this.#at);
    this.#bytes = larger;
  }
}
