import { Code, ConnectError } from "@connectrpc/connect";
import type { GrpcCode } from "../errors.ts";
import { Fault, fault } from "../errors.ts";
import { BadRequestSchema, ErrorInfoSchema } from "../gen/google/rpc/error_details_pb.ts";

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
 * The fault as gRPC, gRPC-Web and Connect carry it: an ErrorInfo (the reason, and REST's code and
 * field as metadata), and a BadRequest where a field is at fault.
 */
export function toConnectError(from: Fault): ConnectError {
  const { row, reason, at, message } = from;
  const metadata = { code: row.rest, field: at?.fieldCode ?? "" };
  const info = { desc: ErrorInfoSchema, value: { reason, domain, metadata } };
  const details =
    at === undefined
      ? [info]
      : [
          {
            desc: BadRequestSchema,
            value: { fieldViolations: [{ field: at.path, description: message, reason }] },
          },
          info,
        ];
  const headers = row.retryAfter === undefined ? {} : { "Retry-After": String(row.retryAfter) };
  return new ConnectError(message, codes[row.grpc], headers, details);
}

/**
 * Whatever was thrown, as a fault. Connect ends a call with errors of its own when the deadline passes
 * or the caller leaves; anything unknown is a bug, and its text stays inside.
 */
export function toFault(error: unknown): Fault {
  if (error instanceof Fault) return error;
  const code = error instanceof ConnectError ? error.code : undefined;
  if (code === Code.DeadlineExceeded) return fault("DEADLINE_EXCEEDED");
  if (code === Code.Canceled || isAbort(error)) return fault("CANCELLED", {}, { cause: error });
  return fault("INTERNAL", {}, { cause: error });
}

function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === "AbortError";
}
