import { setTrailerStatus } from "@connectrpc/connect/protocol-grpc";
import { RateLimitFault } from "../access/rate-limit.ts";
import type { Fault, Reason } from "../errors.ts";
import { toConnectError } from "./connect/error.ts";

type GrpcStatus = Readonly<Record<string, string>>;

/** The status of faults whose row says all. Most rejected calls have one of them. */
const constant = new Map<Reason, GrpcStatus>();
/** The status of faults of rate limits. Many rejected calls share one. */
const ofRateLimits = new WeakMap<RateLimitFault, GrpcStatus>();

/** The status, message, and details of a failed gRPC call, as headers or trailers. */
export function grpcStatusOf(fault: Fault): GrpcStatus {
  if (fault instanceof RateLimitFault) {
    const status = ofRateLimits.get(fault) ?? encodeStatus(fault);
    ofRateLimits.set(fault, status);
    return status;
  }
  if (!fault.isConstant) return encodeStatus(fault);
  let status = constant.get(fault.reason);
  if (status === undefined) {
    status = encodeStatus(fault);
    constant.set(fault.reason, status);
  }
  return status;
}

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
