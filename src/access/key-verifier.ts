import { timingSafeEqual } from "node:crypto";
import { Fault, fault } from "../errors.ts";
import { createKeyLoader } from "./key-loader.ts";
import { keyState } from "./key-state.ts";
import type { KeyFinder, KeyRecord } from "./key-store.ts";
import { orThrow } from "./or-throw.ts";
import type { RateLimit } from "./rate-limit.ts";
import { hashSecret, maxKeyIdLength, parseServerKey } from "./server-key.ts";

/** The caller: the app that the Server-Key belongs to. */
export interface Principal {
  readonly appId: number;
  readonly appName: string;
  readonly keyId: string;
  /** The app's own rate limit. Null: the default of the service. */
  readonly rateLimit: RateLimit | null;
}

/** The fault for an existing key with the right secret that is revoked or has expired. */
export class RejectedKeyFault extends Fault {
  /** The app and the key. Only the log contains them. */
  readonly principal: Principal;

  constructor(reason: "SERVER_KEY_INVALID" | "SERVER_KEY_EXPIRED", principal: Principal) {
    super(reason, fault(reason).message);
    this.principal = principal;
  }
}

export interface KeyVerifier {
  /**
   * Checks the value of a `Server-Key` header. Returns no promise if the answer is cached, because this needs
   * no query. A fault is then returned and not thrown, because to throw takes longer than the check.
   *
   * @returns the principal, or Fault SERVER_KEY_MISSING, _MALFORMED, _INVALID or _EXPIRED. A promise rejects
   *   with one of these, or with DATABASE_UNAVAILABLE.
   */
  verify(header: string | null | undefined): Principal | Fault | Promise<Principal>;
}

/** Longest time until every process rejects a key that was revoked, in milliseconds. */
export const revocationMs = 10_000;

/**
 * What keeps `revocationMs`: a record is refreshed in the background after `refreshMs`, and a
 * record older than `maxAgeMs` is not used.
 */
const refreshMs = 4_000;
const maxAgeMs = 9_000;
/** The time for which unknown ids are cached, and the maximum number of cached unknown ids. */
const unknownMs = 2_000;
const maxUnknown = 10_000;
/** The maximum number of cached accepted headers. Their secrets need not be hashed again. */
const maxAdmitted = 10_000;
/** The maximum number of cached rejected headers, and their maximum length. A caller can send any number. */
const maxRejected = 1_000;
const maxRejectedLength = 512;
/** At most 100 look-ups a second, each for many keys. */
const lookupIntervalMs = 10;

interface Cached {
  readonly record: KeyRecord;
  readonly principal: Principal;
  readonly loadedAt: number;
  refreshing: boolean;
}

/** A header that was rejected, and the record with another secret; without it, the id was unknown. */
interface Rejected {
  readonly id: string;
  readonly cached: Cached | undefined;
}

const invalid = fault("SERVER_KEY_INVALID");

export interface KeyVerifierOptions {
  readonly keys: KeyFinder;
  /** Called with the id of the key for each header that is accepted. */
  readonly onAccept?: (keyId: string) => void;
  readonly counts?: KeyCacheCounts | undefined;
}

/** How often the cache could answer. The verifier adds to the counts. */
export interface KeyCacheCounts {
  /** Headers that were checked without a query. */
  hits: number;
  /** Headers that needed a query. */
  misses: number;
  /** Queries, each for one or more keys, those that refresh keys in the background included. */
  lookups: number;
}

export function createKeyVerifier({
  keys,
  onAccept,
  counts = { hits: 0, misses: 0, lookups: 0 },
}: KeyVerifierOptions): KeyVerifier {
  const load = createKeyLoader({
    keys: {
      findKeys(ids) {
        counts.lookups += 1;
        return keys.findKeys(ids);
      },
    },
    minIntervalMs: lookupIntervalMs,
  });
  const known = new Map<string, Cached>();
  const unknown = new Map<string, number>();
  /** Accepted headers, each with the record that it was checked against. */
  const admitted = new Map<string, Cached>();
  /** Headers whose secret is wrong or whose id is unknown. A client that repeats one costs little. */
  const rejected = new Map<string, Rejected>();

  async function lookUp(id: string): Promise<Cached> {
    if (!canExist(id)) throw invalid;
    const askedAt = performance.now();
    const record = await load(id);
    if (record === undefined) {
      known.delete(id);
      rememberUnknown(id, askedAt);
      throw invalid;
    }
    const { appId, appName, rateLimit } = record;
    const principal = { appId, appName, keyId: id, rateLimit };
    const cached = { record, principal, loadedAt: askedAt, refreshing: false };
    known.set(id, cached);
    unknown.delete(id);
    return cached;
  }

  function rememberUnknown(id: string, at: number): void {
    if (unknown.size >= maxUnknown) unknown.clear();
    unknown.set(id, at);
  }

  function isUnknown(id: string, now: number): boolean {
    const missedAt = unknown.get(id);
    return missedAt !== undefined && now - missedAt < unknownMs;
  }

  /** @returns Fault SERVER_KEY_INVALID */
  function reject(header: string, reason: Rejected): Fault {
    if (rejected.size >= maxRejected) rejected.clear();
    if (header.length <= maxRejectedLength) rejected.set(header, reason);
    return invalid;
  }

  function isStillRejected({ id, cached }: Rejected, now: number): boolean {
    return cached === undefined ? isUnknown(id, now) : current(id, now) === cached;
  }

  function refreshInBackground(cached: Cached): void {
    cached.refreshing = true;
    // After a failure the old record is used until it is too old. The next look-up reports the failure.
    lookUp(cached.record.id).catch(() => {
      cached.refreshing = false;
    });
  }

  /** The record, unless it is too old. Starts its refresh in time. */
  function current(id: string, now: number): Cached | undefined {
    const cached = known.get(id);
    if (cached === undefined || now - cached.loadedAt >= maxAgeMs) return undefined;
    if (now - cached.loadedAt > refreshMs && !cached.refreshing) refreshInBackground(cached);
    return cached;
  }

  function admit(cached: Cached, header: string, secret: string): Principal | Fault {
    const { record } = cached;
    if (!timingSafeEqual(hashSecret(secret), record.secretHash)) {
      return reject(header, { id: record.id, cached });
    }
    if (admitted.size >= maxAdmitted) admitted.clear();
    admitted.set(header, cached);
    return usable(cached);
  }

  /** @returns a fault if the key is revoked or has expired */
  function usable({ record, principal }: Cached): Principal | Fault {
    const state = keyState(record);
    if (state === "revoked") return new RejectedKeyFault("SERVER_KEY_INVALID", principal);
    if (state === "expired") return new RejectedKeyFault("SERVER_KEY_EXPIRED", principal);
    onAccept?.(record.id);
    return principal;
  }

  return {
    verify(given) {
      const now = performance.now();
      const header = given ?? "";
      const before = admitted.get(header);
      if (before !== undefined && current(before.record.id, now) === before) {
        counts.hits += 1;
        return usable(before);
      }
      const rejection = rejected.get(header);
      if (rejection !== undefined && isStillRejected(rejection, now)) {
        counts.hits += 1;
        return invalid;
      }

      const key = parseServerKey(given);
      if (key instanceof Fault) return key;
      const { id, secret } = key;
      const cached = current(id, now);
      if (cached !== undefined) {
        counts.hits += 1;
        return admit(cached, header, secret);
      }
      if (isUnknown(id, now)) {
        counts.hits += 1;
        return reject(header, { id, cached: undefined });
      }
      counts.misses += 1;
      return lookUp(id).then((fresh) => orThrow(admit(fresh, header, secret)));
    },
  };
}

/** Whether a key can have this id: the database cannot store a NUL, and ids have a maximum length. */
function canExist(id: string): boolean {
  return id.length <= maxKeyIdLength && !id.includes("\0");
}
