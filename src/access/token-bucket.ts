import type { RateLimit } from "./rate-limit.ts";

/**
 * The contacts that an app may still use. They grow with time up to the burst, and can be less than zero: a
 * call is accepted if there is one contact, and its other contacts are taken too. So each call is accepted at
 * some time, however many contacts it has, and the calls after it wait longer.
 */
export class TokenBucket {
  #limit: RateLimit;
  #tokens: number;
  #at: number;

  /** @param now milliseconds of a clock that never goes back, as in all methods */
  constructor(limit: RateLimit, now: number) {
    this.#limit = limit;
    this.#tokens = limit.burst;
    this.#at = now;
  }

  get limit(): RateLimit {
    return this.#limit;
  }

  /** Changes the limit from now on. */
  setLimit(limit: RateLimit, now: number): void {
    this.tokens(now);
    this.#limit = limit;
    this.#tokens = Math.min(this.#tokens, limit.burst);
  }

  /** The contacts that are left. The number has a fraction, and is below zero if a call had more than were left. */
  tokens(now: number): number {
    const grown = ((now - this.#at) / 1_000) * this.#limit.contactsPerSecond;
    this.#at = now;
    this.#tokens = Math.min(this.#limit.burst, this.#tokens + grown);
    return this.#tokens;
  }

  /** Takes contacts, even if fewer are left. A negative number gives them back. */
  take(count: number, now: number): void {
    this.#tokens = Math.min(this.#limit.burst, this.tokens(now) - count);
  }

  /** Whole seconds until at least this many contacts are left, rounded up. */
  secondsUntil(count: number, now: number): number {
    const missing = count - this.tokens(now);
    return Math.max(0, Math.ceil(missing / this.#limit.contactsPerSecond));
  }
}
