import type { HandlerContext } from "@connectrpc/connect";
import type { Call } from "./call.ts";
import { callOf } from "./call.ts";
import { Cancellation } from "./cancellation.ts";
import { toConnectError, toFault } from "./connect-error.ts";

/** Sees the headers of a call before its body is read, and may refuse it. */
export type Gate = (context: HandlerContext) => Promise<void>;

/**
 * The gate that every call passes. A fault that the way in has found already takes the place of every
 * other answer.
 *
 * @param admit refuses a call by throwing; absent for services that are open to all
 */
export function createGate(admit: (call: Call) => void | Promise<void> = () => {}): Gate {
  return async (context) => {
    const call = callOf(context.values);
    call.context = context;
    call.cancellation ??= Cancellation.following(context.signal);
    try {
      if (call.fault !== undefined) throw call.fault;
      await admit(call);
    } catch (error) {
      call.fault = toFault(error);
      throw toConnectError(call.fault);
    }
  };
}
