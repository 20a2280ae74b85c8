import type { HandlerContext } from "@connectrpc/connect";
import type { CallOptions } from "../contact/contact-store.ts";

/** What the store has to know of the call that it works for. */
export function callOptionsOf({ signal, timeoutMs }: HandlerContext): CallOptions {
  return { signal, timeLeftMs: timeoutMs };
}
