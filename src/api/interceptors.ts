import type { KeyVerifier } from "../access/key-verifier.ts";
import { Fault } from "../errors.ts";
import type { AdmissionOptions } from "./admission.ts";
import { createAdmission } from "./admission.ts";
import { createAuth } from "./auth.ts";
import type { Interceptor } from "./operation.ts";
import type { RateLimitingOptions } from "./rate-limit.ts";
import { createRateLimiting } from "./rate-limit.ts";

/** Ends the call when its deadline is exceeded or its caller disconnects, even while its handler waits. */
const enforceDeadline: Interceptor = (next) => (call, readMessage) => {
  const { cancellation } = call;
  if (cancellation.reason !== undefined) return cancellation.reason;
  const running = next(call, readMessage);
  if (running instanceof Fault) return running;
  return new Promise((resolve, reject) => {
    cancellation.onAbort(reject);
    running.then(resolve, reject);
  });
};

export interface InterceptorsOptions extends AdmissionOptions, RateLimitingOptions {
  readonly verifier: KeyVerifier;
}

/** The interceptors of calls that need a Server-Key. The first is the outermost. */
export function createInterceptors(options: InterceptorsOptions): Interceptor[] {
  // A call that is rejected because of overload takes nothing from the rate limit.
  return [
    enforceDeadline,
    createAuth(options),
    createAdmission(options),
    createRateLimiting(options),
  ];
}

/** The interceptors of calls that are open to everyone, such as health checks. */
export const openInterceptors: readonly Interceptor[] = [enforceDeadline];
