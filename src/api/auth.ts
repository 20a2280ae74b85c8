import type { KeyVerifier } from "../access/key-verifier.ts";
import type { Interceptor } from "./operation.ts";

/**
 * Authenticates the caller by the Server-Key, and records the app that the key belongs to. It runs
 * before the body is read.
 */
export function createAuth({ verifier }: { readonly verifier: KeyVerifier }): Interceptor {
  return (next) => async (call, readMessage) => {
    const principal = verifier.verify(call.serverKey);
    // A call with a cached key needs no query, and continues synchronously.
    call.principal = principal instanceof Promise ? await principal : principal;
    return next(call, readMessage);
  };
}
