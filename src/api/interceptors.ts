import type { KeyVerifier } from "../access/key-verifier.ts";
import { Fault, fault } from "../errors.ts";
import { createAuth } from "./auth.ts";
import type { Interceptor } from "./operation.ts";

/** Turns everything that is thrown into a fault of the table of errors, and records it in the call. */
const handleErrors: Interceptor = (next) => async (call, readMessage) => {
  try {
    return await next(call, readMessage);
  } catch (error) {
    call.fault = toFault(error);
    throw call.fault;
  }
};

/** Ends the call when its deadline is exceeded or its caller disconnects, even while its handler waits. */
const enforceDeadline: Interceptor = (next) => (call, readMessage) =>
  new Promise((resolve, reject) => {
    call.cancellation.onAbort(reject);
    if (!call.cancellation.aborted) next(call, readMessage).then(resolve, reject);
  });

/** The interceptors of calls that need a Server-Key. The first is the outermost. */
export function createInterceptors(options: { readonly verifier: KeyVerifier }): Interceptor[] {
  return [handleErrors, enforceDeadline, createAuth(options)];
}

/** The interceptors of calls that are open to everyone, such as health checks. */
export const openInterceptors: readonly Interceptor[] = [handleErrors, enforceDeadline];

/** Every error that is not a fault is a bug. Its text stays in the cause, which only the log contains. */
export function toFault(error: unknown): Fault {
  return error instanceof Fault ? error : fault("INTERNAL", {}, { cause: error });
}
