import { setTrailerStatus } from "@connectrpc/connect/protocol-grpc";
import type { Fault } from "../errors.ts";
import { toConnectError } from "../rpc/connect-error.ts";

/** How gRPC says that a call failed: status, message and details, as headers or trailers. */
export function grpcStatusOf(fault: Fault): Record<string, string> {
  const status = new Headers();
  setTrailerStatus(status, toConnectError(fault));
  status.set("grpc-message", encodeGrpcMessage(fault.message));
  return Object.fromEntries(status);
}

/**
 * Percent-encodes the text of an error for the header `grpc-message`, as the gRPC protocol has it: all
 * but printable ASCII, and the percent sign. Encoding more than that is allowed, but clients that decode
 * with JavaScript's `decodeURI`, grpc-js among them, would show it.
 */
export function encodeGrpcMessage(text: string): string {
  return text.replace(/[^ -~]|%/gu, (character) => encodeURIComponent(character));
}
