/**
 * The Huffman code of HPACK (RFC 7541, appendix B) for text of ASCII. Within a length the codes count
 * up, and each length begins where the one before ended, so the symbols by length say all.
 */
const symbolsByLength: Readonly<Record<number, string>> = {
  5: "012aceiost",
  6: " %-./3456789=A_bdfghlmnpru",
  7: ":BCDEFGHIJKLMNOPQRSTUVWYjkqvwxyz",
  8: "&*,;XZ",
  10: `!"()?`,
  11: "'+|",
  12: "#>",
  13: "\0$@[]~",
  14: "^}",
  15: "<`{",
};
const longest = 15;

const symbols: Buffer[] = [];
const firstCodes = new Uint32Array(longest + 1);
for (let length = 1, next = 0; length <= longest; length++) {
  const ofLength = Buffer.from(symbolsByLength[length] ?? "", "latin1");
  symbols[length] = ofLength;
  firstCodes[length] = next;
  next = (next + ofLength.length) << 1;
}

let decoded = Buffer.alloc(1 << 12);

/**
 * Decodes text.
 *
 * @throws Error on a character outside of ASCII, or a backslash or control character
 */
export function decodeHuffman(bytes: Buffer, start: number, end: number): string {
  const mostCharacters = ((end - start) * 8) / 5;
  if (mostCharacters > decoded.length) decoded = Buffer.alloc(mostCharacters);
  let count = 0;
  let code = 0;
  let length = 0;
  for (let at = start; at < end; at++) {
    const byte = bytes[at] as number;
    for (let bit = 7; bit >= 0; bit--) {
      code = (code << 1) | ((byte >> bit) & 1);
      length += 1;
      // What is left at the end is padding: at most seven bits.
      if (length > longest) throw new Error("a header has characters that this decoder lacks");
      const index = code - (firstCodes[length] as number);
      const ofLength = symbols[length] as Buffer;
      if (index >= ofLength.length) continue;
      decoded[count++] = ofLength[index] as number;
      code = 0;
      length = 0;
    }
  }
  return decoded.toString("latin1", 0, count);
}
