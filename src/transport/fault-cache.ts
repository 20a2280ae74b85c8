import { RateLimitFault } from "../access/rate-limit.ts";
import type { Fault, Reason } from "../errors.ts";

/**
 * Caches what a response needs of the faults that many rejected calls share: those whose row says all, and
 * those of rate limits.
 */
export function cacheByFault<T>(encode: (fault: Fault) => T): (fault: Fault) => T {
  const constant = new Map<Reason, T>();
  const ofRateLimits = new WeakMap<RateLimitFault, T>();

  return (fault) => {
    if (fault instanceof RateLimitFault) {
      const encoded = ofRateLimits.get(fault) ?? encode(fault);
      ofRateLimits.set(fault, encoded);
      return encoded;
    }
    if (!fault.isConstant) return encode(fault);
    const encoded = constant.get(fault.reason) ?? encode(fault);
    constant.set(fault.reason, encoded);
    return encoded;
  };
}
