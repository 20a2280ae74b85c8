const none = Buffer.alloc(0);

/**
 * Collects the chunks of a body in one buffer. It keeps no list of chunks: a body in chunks of one byte would
 * take hundreds of times its size.
 */
export class ByteCollector {
  #bytes: Buffer = none;
  #length = 0;
  #isShared = true;

  get length(): number {
    return this.#length;
  }

  /** The bytes so far. A single chunk is not copied. */
  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  add(chunk: Buffer): void {
    const length = this.#length + chunk.length;
    if (this.#length === 0) {
      this.#bytes = chunk;
      this.#isShared = true;
    } else {
      if (this.#isShared || length > this.#bytes.length)
        this.grow(Math.max(length, 2 * this.#length));
      chunk.copy(this.#bytes, this.#length);
    }
    this.#length = length;
  }

  /** Makes room for this number of bytes in all. */
  grow(capacity: number): void {
    if (!this.#isShared && capacity <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(capacity, this.#length));
    this.bytes.copy(larger);
    this.#free();
    this.#bytes = larger;
    this.#isShared = false;
  }

  /** Forgets the bytes, and frees their memory. */
  clear(): void {
    this.#free();
    this.#bytes = none;
    this.#length = 0;
    this.#isShared = true;
  }

  #free(): void {
    if (!this.#isShared) freeBuffer(this.#bytes);
  }
}

/**
 * Frees the memory of a large buffer that nothing refers to any more. The garbage collector sees only its
 * small object, and would let hundreds of megabytes accumulate.
 */
export function freeBuffer({ buffer, byteLength }: Buffer): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) buffer.transfer(0);
}
