import { setTrailerStatus } from "@connectrpc/connect/protocol-grpc";
import type { Fault } from "../errors.ts";
import { toConnectError } from "./connect/error.ts";
import { cacheByFault } from "./fault-cache.ts";

type GrpcStatus = Readonly<Record<string, string>>;

/** The status, message, and details of a failed gRPC call, as headers or trailers. */
export const grpcStatusOf = cacheByFault(encodeStatus);

function encodeStatus(fault: Fault): GrpcStatus {
  const status = new Headers();
  const error = toConnectError(fault);
  setTrailerStatus(status, error);
  status.set("grpc-message", encodeGrpcMessage(error.rawMessage));
  if (fault.reason === "UNSUPPORTED_ENCODING") status.set("grpc-accept-encoding", "gzip, identity");
  return Object.fromEntries(status);
}

/**
 * Percent-encodes the text of an error for `grpc-message`: the percent sign, and everything except
 * printable ASCII. The protocol allows encoding more characters, but clients that decode with JavaScript's
 * `decodeURI`, such as grpc-js, would then show it encoded.
 */
export function encodeGrpcMessage(text: string): string {
  return text.replace(/[^ -~]|%/gu, (character) => encodeURIComponent(character));
}
