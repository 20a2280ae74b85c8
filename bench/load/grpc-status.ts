/** `grpc-status` in the Huffman code of HPACK (RFC 7541, appendix B), after the byte of its length. */
const name = Buffer.from("889acac8b21234da8f", "hex");

const statusNames: Readonly<Record<number, string>> = {
  1: "CANCELLED",
  2: "UNKNOWN",
  3: "INVALID_ARGUMENT",
  4: "DEADLINE_EXCEEDED",
  5: "NOT_FOUND",
  7: "PERMISSION_DENIED",
  8: "RESOURCE_EXHAUSTED",
  9: "FAILED_PRECONDITION",
  12: "UNIMPLEMENTED",
  13: "INTERNAL",
  14: "UNAVAILABLE",
  16: "UNAUTHENTICATED",
};

/**
 * Reads the status of a failed call from a header block that does not refer to earlier blocks. Node writes
 * the name with the Huffman code, and the digits of the value without.
 *
 * @returns the name of the status, or `unknown`
 */
export function readGrpcStatus(block: Buffer): string {
  const at = block.indexOf(name);
  if (at === -1) return "unknown";
  const start = at + name.length + 1;
  const digits = block.toString("latin1", start, start + (block[start - 1] ?? 0));
  return statusNames[Number(digits)] ?? `status ${digits}`;
}
