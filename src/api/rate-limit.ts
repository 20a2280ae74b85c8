import type { DescService } from "@bufbuild/protobuf";
import { orThrow } from "../access/or-throw.ts";
import type { Quota, RateLimiter } from "../access/rate-limiter.ts";
import type { Call } from "./call.ts";
import type { CallCost } from "./call-cost.ts";
import { compileCallCost } from "./call-cost.ts";
import { callerOf } from "./caller.ts";
import type { Interceptor, ReadMessage, RunCall } from "./operation.ts";
import { nameOf } from "./operation.ts";

export interface RateLimitingOptions {
  readonly limiter: RateLimiter;
  /** The service whose calls are limited. */
  readonly service: DescService;
}

/**
 * Rejects the calls of an app that has used its rate limit, before their body is read. It runs after the
 * auth interceptor.
 */
export function createRateLimiting({ limiter, service }: RateLimitingOptions): Interceptor {
  const costs = new Map(service.methods.map((method) => [nameOf(method), compileCallCost(method)]));
  return (next) => (call, readMessage) => {
    const quota = limiter.quotaOf(callerOf(call));
    if (quota === undefined) return next(call, readMessage);
    const cost = costs.get(call.method);
    if (cost === undefined) throw new Error(`${call.method} is not a call of the limited service`);
    call.quota = quota;
    return quota.accept() ?? runWithin({ quota, cost, next }, call, readMessage);
  };
}

interface Limited {
  readonly quota: Quota;
  readonly cost: CallCost;
  readonly next: RunCall;
}

async function runWithin({ quota, cost, next }: Limited, call: Call, readMessage: ReadMessage) {
  let contacts = 1;
  const running = next(call, async () => {
    const message = await readMessage();
    contacts = cost.ofRequest(message);
    quota.takeMore(contacts - 1);
    return message;
  });
  const response = await orThrow(running);
  quota.giveBack(contacts - (cost.ofResponse(response) ?? contacts));
  return response;
}
