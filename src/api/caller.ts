import type { ReadOptions, StoreOptions } from "../contact/contact-store.ts";
import type { Call } from "./call.ts";

/**
 * The app that the caller belongs to.
 *
 * @throws Error if the call has not passed the auth interceptor, which is a bug
 */
export function appIdOf({ principal }: Call): number {
  if (principal === undefined) throw new Error("the call is not authenticated");
  return principal.appId;
}

/** The options for the store: the cancellation token and the deadline of the call. */
export function storeOptionsOf(call: Call): StoreOptions {
  return { signal: call.cancellation, timeLeftMs: () => call.timeLeftMs() };
}

/** The same for a read, which a replica may answer if the caller allows it. */
export function readOptionsOf(call: Call): ReadOptions {
  return { ...storeOptionsOf(call), allowsStale: call.allowsStale };
}
