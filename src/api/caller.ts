import type { StoreOptions } from "../contact/contact-store.ts";
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

/** The options for the store: the cancellation token, the deadline and the trace of the call. */
export function storeOptionsOf(call: Call): StoreOptions {
  return { signal: call.cancellation, timeLeftMs: () => call.timeLeftMs(), trace: call.trace };
}
