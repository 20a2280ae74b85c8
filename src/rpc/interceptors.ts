import type { DescMessage, Message } from "@bufbuild/protobuf";
import type { Interceptor } from "@connectrpc/connect";
import type { Auth } from "./auth.ts";
import { callOf, cancellationOf } from "./call.ts";
import { toConnectError, toFault } from "./connect-error.ts";
import type { FieldRulesOptions } from "./field-rules.ts";
import type { MessageRules } from "./message-rules.ts";
import { compileMessageRules } from "./message-rules.ts";
import { faultOf } from "./violation.ts";

export interface InterceptorsOptions {
  readonly auth: Auth;
  readonly rules: FieldRulesOptions;
}

/** What every call of the contact service passes, over whatever protocol; the first is outermost. */
export function createInterceptors({ auth, rules }: InterceptorsOptions): Interceptor[] {
  return [errors, deadline, auth.interceptor, createValidation(rules)];
}

/**
 * Turns whatever is thrown into an answer from the table of errors, and records it for the log. All that
 * the services which are open to everyone need.
 */
export const errors: Interceptor = (next) => async (req) => {
  const call = callOf(req.contextValues);
  call.entered = true;
  try {
    return await next(req);
  } catch (error) {
    call.fault = toFault(error);
    throw toConnectError(call.fault);
  }
};

/** Answers when the deadline passes or the caller leaves, whether or not the work has noticed. */
const deadline: Interceptor = (next) => (req) => {
  const cancellation = cancellationOf(callOf(req.contextValues));
  return new Promise((resolve, reject) => {
    cancellation.onAbort(reject);
    if (!cancellation.aborted) next(req).then(resolve, reject);
  });
};

/** Refuses a message that breaks the rules of its proto, naming the first field that does. */
function createValidation(options: FieldRulesOptions): Interceptor {
  const compiled = new Map<DescMessage, MessageRules>();
  function rulesOf(desc: DescMessage): MessageRules {
    const known = compiled.get(desc) ?? compileMessageRules(desc, options);
    compiled.set(desc, known);
    return known;
  }
  return (next) => (req) => {
    if (!req.stream && !callOf(req.contextValues).validated) {
      const broken = rulesOf(req.method.input)(req.message as Message);
      if (broken !== undefined) return Promise.reject(faultOf(broken));
    }
    return next(req);
  };
}
