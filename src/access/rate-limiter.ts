import type { Principal } from "./key-verifier.ts";
import type { RateLimit } from "./rate-limit.ts";
import { RateLimitFault } from "./rate-limit.ts";
import { TokenBucket } from "./token-bucket.ts";

/** What a call may use of the rate limit of its app. */
export interface Quota {
  /**
   * Accepts a call, and takes one contact for it.
   *
   * @returns a fault if no contact is left. To throw it would take longer than the check.
   */
  accept(): RateLimitFault | undefined;
  /**
   * Takes the other contacts of an accepted call.
   *
   * @throws RateLimitFault if other calls have used the contacts up meanwhile
   */
  takeMore(contacts: number): void;
  /** Gives contacts back that a call did not use. */
  giveBack(contacts: number): void;
  /** The headers `RateLimit` and `RateLimit-Policy` at this moment. */
  headers(): Readonly<Record<string, string>>;
}

/** Contacts that the calls of an app have taken in one process. */
export interface QuotaUse extends Pick<Principal, "appId" | "appName"> {
  readonly limit: RateLimit;
  readonly contacts: number;
}

export interface RateLimiter {
  /** The quota of a caller, or undefined if their app has no limit. */
  quotaOf(caller: Principal): Quota | undefined;
  /** What calls have taken since the last time that this was asked. */
  newUses(): QuotaUse[];
  /** Takes what the calls of other processes have taken. */
  takeElsewhere(uses: readonly QuotaUse[]): void;
}

export interface RateLimiterOptions {
  /** The limit of apps that have none of their own. Absent: they have none. */
  readonly defaultLimit?: RateLimit | undefined;
  /** Milliseconds of a clock that never goes back. */
  readonly now?: () => number;
}

/** Beyond this number of apps, the ones that have not called lately are forgotten. */
const leastForgotten = 1_000;

/**
 * Limits the contacts that each app uses in this process. Processes can tell each other what they took: then
 * the limit is one of all of them.
 */
export function createRateLimiter(options: RateLimiterOptions): RateLimiter {
  const { defaultLimit, now = () => performance.now() } = options;
  const quotas = new Map<number, AppQuota>();
  let forgetAt = leastForgotten;

  /** Forgets full buckets: a new bucket is full too. */
  function forgetIdle(): void {
    for (const [appId, quota] of quotas) if (quota.isFull()) quotas.delete(appId);
    forgetAt = Math.max(leastForgotten, 2 * quotas.size);
  }

  function find(appId: number, appName: string, limit: RateLimit): AppQuota {
    const known = quotas.get(appId);
    if (known !== undefined) {
      known.setLimit(limit);
      return known;
    }
    if (quotas.size >= forgetAt) forgetIdle();
    const quota = new AppQuota(appName, limit, now);
    quotas.set(appId, quota);
    return quota;
  }

  return {
    quotaOf({ appId, appName, rateLimit }) {
      const limit = rateLimit ?? defaultLimit;
      return limit === undefined ? undefined : find(appId, appName, limit);
    },
    newUses() {
      const uses: QuotaUse[] = [];
      for (const [appId, quota] of quotas) {
        const { appName, limit } = quota;
        const contacts = quota.readUse();
        if (contacts !== 0) uses.push({ appId, appName, limit, contacts });
      }
      return uses;
    },
    takeElsewhere(uses) {
      for (const { appId, appName, limit, contacts } of uses) {
        find(appId, appName, limit).takeElsewhere(contacts);
      }
    },
  };
}

interface LastHeaders {
  readonly left: number;
  readonly seconds: number;
  readonly values: ReturnType<Quota["headers"]>;
}

class AppQuota implements Quota {
  readonly appName: string;
  readonly #now: () => number;
  readonly #bucket: TokenBucket;
  /** The last fault. Calls are rejected with the same one as long as its values are correct. */
  #fault: RateLimitFault | undefined;
  /** The last headers. Rejected calls get the same ones as long as these numbers are correct. */
  #headers: LastHeaders | undefined;
  /** Contacts taken since `readUse`. */
  #use = 0;

  constructor(appName: string, limit: RateLimit, now: () => number) {
    this.appName = appName;
    this.#now = now;
    this.#bucket = new TokenBucket(limit, now());
  }

  get limit(): RateLimit {
    return this.#bucket.limit;
  }

  setLimit(limit: RateLimit): void {
    const { contactsPerSecond, burst } = this.#bucket.limit;
    if (limit.contactsPerSecond === contactsPerSecond && limit.burst === burst) return;
    this.#bucket.setLimit(limit, this.#now());
    this.#fault = undefined;
    this.#headers = undefined;
  }

  isFull(): boolean {
    return this.#bucket.tokens(this.#now()) >= this.#bucket.limit.burst;
  }

  accept(): RateLimitFault | undefined {
    const now = this.#now();
    if (this.#bucket.tokens(now) < 1) return this.#rejection(now);
    this.#take(1, now);
    return undefined;
  }

  takeMore(contacts: number): void {
    const now = this.#now();
    if (contacts > 0 && this.#bucket.tokens(now) < 0) throw this.#rejection(now);
    this.#take(contacts, now);
  }

  giveBack(contacts: number): void {
    this.#take(-contacts, this.#now());
  }

  takeElsewhere(contacts: number): void {
    this.#bucket.take(contacts, this.#now());
  }

  /** @returns the contacts that were taken since the last time */
  readUse(): number {
    const use = this.#use;
    this.#use = 0;
    return use;
  }

  #take(contacts: number, now: number): void {
    this.#use += contacts;
    this.#bucket.take(contacts, now);
  }

  headers(): Readonly<Record<string, string>> {
    const { contactsPerSecond, burst } = this.#bucket.limit;
    const now = this.#now();
    const left = Math.max(0, Math.floor(this.#bucket.tokens(now)));
    const seconds = left < burst ? this.#bucket.secondsUntil(left + 1, now) : 0;
    const last = this.#headers;
    if (last?.left === left && last.seconds === seconds) return last.values;
    const more = left < burst ? `;t=${seconds}` : "";
    const windowSeconds = Math.ceil(burst / contactsPerSecond);
    const values = {
      RateLimit: `"contacts";r=${left}${more}`,
      "RateLimit-Policy": `"contacts";q=${burst};w=${windowSeconds};qu="contacts"`,
    };
    this.#headers = { left, seconds, values };
    return values;
  }

  #rejection(now: number): RateLimitFault {
    const retryAfter = this.#bucket.secondsUntil(1, now);
    if (this.#fault?.retryAfter !== retryAfter) {
      this.#fault = new RateLimitFault(this.appName, this.#bucket.limit, retryAfter);
    }
    return this.#fault;
  }
}
