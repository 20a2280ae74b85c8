/** Finds each occurrence of a mark in a body. Returns the offsets, each increased by a number of bytes. */
export function positionsOf(template: Buffer, mark: string, further: number): Uint32Array {
  const found: number[] = [];
  for (let at = template.indexOf(mark); at !== -1; at = template.indexOf(mark, at + mark.length)) {
    found.push(at + further);
  }
  return Uint32Array.from(found);
}

const hexDigits = Buffer.from("0123456789abcdef");

/** Writes a number as eight hexadecimal digits. */
export function writeHex(target: Buffer, at: number, value: number): void {
  for (let n = 7; n >= 0; n--) {
    target[at + n] = hexDigits[value & 15] as number;
    value >>>= 4;
  }
}

/** Writes a number as five decimal digits. */
export function writeDecimal(target: Buffer, at: number, value: number): void {
  for (let n = 4; n >= 0; n--) {
    const rest = (value / 10) | 0;
    target[at + n] = 48 + value - rest * 10;
    value = rest;
  }
}
