import type { Principal } from "../access/key-verifier.ts";
import type { ReadOptions, StoreOptions } from "../contact/contact-store.ts";
import type { Call } from "./call.ts";

/**
 * The caller, with the app that they belong to.
 *
 * @throws Error if the call has not passed the auth interceptor, which is a bug
 */
export function callerOf({ principal }: Call): Principal {
  if (principal === undefined) throw new Error("the call is not authenticated");
  return principal;
}

/** The app that the caller belongs to. @throws as `callerOf` */
export function appIdOf(call: Call): number {
  return callerOf(call).appId;
}

/** The options for the store: the cancellation token, the deadline and the trace of the call. */
export function storeOptionsOf(call: Call): StoreOptions {
  return { signal: call.cancellation, timeLeftMs: () => call.timeLeftMs(), trace: call.trace };
}

/** The same for a read, which a replica may answer if the caller allows it. */
export function readOptionsOf(call: Call): ReadOptions {
  return { ...storeOptionsOf(call), allowsStale: call.allowsStale };
}
