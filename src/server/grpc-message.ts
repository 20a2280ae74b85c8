/**
 * Percent-encodes the text of an error for the header `grpc-message`, as the gRPC protocol has it: all
 * but printable ASCII, and the percent sign. Encoding more than that is allowed, but clients that decode
 * with JavaScript's `decodeURI`, grpc-js among them, would show it.
 */
export function encodeGrpcMessage(text: string): string {
  return text.replace(/[^ -~]|%/gu, (character) => encodeURIComponent(character));
}
