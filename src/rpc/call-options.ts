import type { HandlerContext } from "@connectrpc/connect";
import type { CallOptions } from "../contact/contact-store.ts";
import { callOf, cancellationOf } from "./call.ts";

/** What the store has to know of the call that it works for. */
export function callOptionsOf({ values, timeoutMs }: HandlerContext): CallOptions {
  return { signal: cancellationOf(callOf(values)), timeLeftMs: timeoutMs };
}
