import { Code, ConnectError } from "@connectrpc/connect";
import { RateLimitFault } from "../../access/rate-limit.ts";
import type { Fault, GrpcCode } from "../../errors.ts";
import {
  BadRequestSchema,
  ErrorInfoSchema,
  QuotaFailureSchema,
  RetryInfoSchema,
} from "../../gen/google/rpc/error_details_pb.ts";

const codes: Record<GrpcCode, Code> = {
  CANCELLED: Code.Canceled,
  INVALID_ARGUMENT: Code.InvalidArgument,
  DEADLINE_EXCEEDED: Code.DeadlineExceeded,
  RESOURCE_EXHAUSTED: Code.ResourceExhausted,
  NOT_FOUND: Code.NotFound,
  FAILED_PRECONDITION: Code.FailedPrecondition,
  UNIMPLEMENTED: Code.Unimplemented,
  INTERNAL: Code.Internal,
  UNAVAILABLE: Code.Unavailable,
  UNAUTHENTICATED: Code.Unauthenticated,
};

/** Domain of every `google.rpc.ErrorInfo`. */
const domain = "kith";

/**
 * The error of gRPC, gRPC-Web, and Connect for a fault. Its details are an ErrorInfo (the reason, and the
 * code and field of REST as metadata), a BadRequest if a field is at fault, a QuotaFailure if a rate limit is
 * used, and a RetryInfo if a retry can succeed. An error that Connect has raised stays as it is.
 */
export function toConnectError(fault: Fault): ConnectError {
  const { row, reason, at, message, retryAfter: seconds, cause } = fault;
  if (cause instanceof ConnectError) return cause;
  const metadata = { code: row.rest, field: at?.fieldCode ?? "" };
  const fieldViolations = at && [{ field: at.path, description: message, reason }];
  return new ConnectError(
    message,
    codes[row.grpc],
    seconds === undefined ? {} : { "Retry-After": String(seconds) },
    [
      ...(fieldViolations ? [{ desc: BadRequestSchema, value: { fieldViolations } }] : []),
      { desc: ErrorInfoSchema, value: { reason, domain, metadata } },
      ...(fault instanceof RateLimitFault ? [quotaFailureOf(fault)] : []),
      ...(seconds === undefined
        ? []
        : [{ desc: RetryInfoSchema, value: { retryDelay: { seconds: BigInt(seconds) } } }]),
    ],
  );
}

function quotaFailureOf({ appName, limit, message }: RateLimitFault) {
  const violation = {
    subject: `app:${appName}`,
    description: message,
    quotaMetric: "contacts",
    quotaId: "contacts_per_second",
    quotaValue: BigInt(limit.contactsPerSecond),
  };
  return { desc: QuotaFailureSchema, value: { violations: [violation] } };
}
