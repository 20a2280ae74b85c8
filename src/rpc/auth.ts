import type { HandlerContext, Interceptor } from "@connectrpc/connect";
import type { KeyVerifier, Principal } from "../access/key-verifier.ts";
import type { Call } from "./call.ts";
import { callOf } from "./call.ts";
import type { Gate } from "./gate.ts";
import { createGate } from "./gate.ts";

export interface Auth {
  /** Refuses a call by its headers, before its body is read. */
  readonly gate: Gate;
  /** The same check within the chain of interceptors, for a way in that has no gate. */
  readonly interceptor: Interceptor;
}

/** Admits callers with a valid Server-Key, and records which app they are. */
export function createAuth({ verifier }: { readonly verifier: KeyVerifier }): Auth {
  function admit(call: Call): void | Promise<void> {
    const principal = verifier.verify(call.serverKey);
    if (!(principal instanceof Promise)) {
      call.principal = principal;
      return undefined;
    }
    return principal.then((found) => {
      call.principal = found;
    });
  }

  async function admitFirst<T>(call: Call, next: () => Promise<T>): Promise<T> {
    await admit(call);
    return next();
  }

  return {
    gate: createGate(admit),
    interceptor: (next) => (req) => {
      const call = callOf(req.contextValues);
      return call.principal === undefined ? admitFirst(call, () => next(req)) : next(req);
    },
  };
}

/** Who calls. Only calls that passed `createAuth` have a principal. */
export function principalOf(context: HandlerContext): Principal {
  const { principal } = callOf(context.values);
  if (principal === undefined) throw new Error("the call was not authenticated");
  return principal;
}
