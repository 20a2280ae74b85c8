import type { KeyVerifier, Principal } from "../access/key-verifier.ts";
import { orThrow } from "../access/or-throw.ts";
import { Fault } from "../errors.ts";
import type { Interceptor } from "./operation.ts";

/**
 * Authenticates the caller by the Server-Key, and records the app that the key belongs to. It runs
 * before the body is read.
 */
export function createAuth({ verifier }: { readonly verifier: KeyVerifier }): Interceptor {
  return (next) => (call, readMessage) => {
    const admit = (principal: Principal) => {
      call.principal = principal;
      return next(call, readMessage);
    };
    // A call with a cached key needs no query, and continues synchronously.
    const result = verifier.verify(call.serverKey);
    if (result instanceof Fault) return result;
    if (!(result instanceof Promise)) return admit(result);
    return result.then((principal) => orThrow(admit(principal)));
  };
}
