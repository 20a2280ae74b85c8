import { Fault, fault } from "../errors.ts";

/** How many contacts the calls of an app may have. */
export interface RateLimit {
  readonly contactsPerSecond: number;
  /** Most contacts at once, after a time without calls. */
  readonly burst: number;
}

/** The least and the greatest value of both numbers of a rate limit. */
export const rateLimitRange = { least: 1, most: 1_000_000_000 } as const;

/** A rate limit. Without a burst, it is the contacts of one second. */
export function rateLimitOf(contactsPerSecond: number, burst = contactsPerSecond): RateLimit {
  return { contactsPerSecond, burst };
}

/** The fault of a call whose app has used its rate limit. */
export class RateLimitFault extends Fault {
  readonly appName: string;
  readonly limit: RateLimit;
  readonly #retryAfter: number;

  /** @param retryAfter seconds until a call can be accepted */
  constructor(appName: string, limit: RateLimit, retryAfter: number) {
    const values = { limit: String(limit.contactsPerSecond) };
    super("RATE_LIMITED", fault("RATE_LIMITED", values).message);
    this.appName = appName;
    this.limit = limit;
    this.#retryAfter = retryAfter;
  }

  override get retryAfter(): number {
    return this.#retryAfter;
  }
}
