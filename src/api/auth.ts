import type { KeyVerifier, Principal } from "../access/key-verifier.ts";
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
    try {
      const principal = verifier.verify(call.serverKey);
      // A call with a cached key needs no query, and continues synchronously.
      return principal instanceof Promise ? principal.then(admit) : admit(principal);
    } catch (error) {
      return Promise.reject(error);
    }
  };
}
