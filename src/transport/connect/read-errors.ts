import type { Interceptor } from "@connectrpc/connect";
import { Code, ConnectError, createContextKey } from "@connectrpc/connect";
import type { Call } from "../../api/call.ts";
import type { Fault } from "../../errors.ts";
import { fault } from "../../errors.ts";

/** The call that a stream belongs to. */
export const callKey = createContextKey<Call | undefined>(undefined);

/**
 * Records the errors that Connect throws for requests of a stream that it cannot read, such as an incomplete
 * message. The caller gets the error of Connect. Kith's own faults are recorded before they become such
 * errors, and a call keeps its first fault.
 *
 * @param maxBytes size limit of a message, in bytes
 */
export function createReadErrorRecorder(maxBytes: number): Interceptor {
  function record(call: Call, error: unknown): unknown {
    call.fail(error instanceof ConnectError ? readFault(error, maxBytes) : error);
    return error;
  }

  async function* recordErrorsOf<T>(messages: AsyncIterable<T>, call: Call): AsyncGenerator<T> {
    try {
      yield* messages;
    } catch (error) {
      throw record(call, error);
    }
  }

  return (next) => async (request) => {
    const call = request.contextValues.get(callKey);
    if (call === undefined) return next(request);
    try {
      const response = await next(request);
      if (!response.stream) return response;
      return { ...response, message: recordErrorsOf(response.message, call) };
    } catch (error) {
      throw record(call, error);
    }
  };
}

/** A fault of the caller with the gRPC status of the error. */
function readFault(cause: ConnectError, maxBytes: number): Fault {
  switch (cause.code) {
    case Code.InvalidArgument:
      return fault("BODY_UNREADABLE", { format: "a stream of messages" }, { cause });
    case Code.ResourceExhausted:
      return fault("BODY_TOO_LARGE", { limit: maxBytes.toLocaleString("en-US") }, { cause });
    case Code.Unimplemented:
      return fault("MESSAGE_COUNT", {}, { cause });
    default:
      return fault("MESSAGE_UNREADABLE", {}, { cause });
  }
}
