import { timingSafeEqual } from "node:crypto";
import { fault } from "../errors.ts";
import { createKeyLoader } from "./key-loader.ts";
import type { KeyFinder, KeyRecord } from "./key-store.ts";
import { hashSecret, maxKeyIdLength, parseServerKey } from "./server-key.ts";

/** Who calls: the app that the Server-Key belongs to. */
export interface Principal {
  readonly appId: number;
  readonly appName: string;
  readonly keyId: string;
}

export interface KeyVerifier {
  /**
   * Checks the value of a `Server-Key` header. Answers at once where the key is cached, which costs no
   * database round trip.
   *
   * @throws Fault SERVER_KEY_MISSING, _MALFORMED, _INVALID, _EXPIRED; DATABASE_UNAVAILABLE (or rejects
   *   with one of these, where it has to ask the database)
   */
  verify(header: string | null | undefined): Principal | Promise<Principal>;
}

/** A revoked key is refused within 10 s: a record is renewed behind the scenes after `refreshMs`, and
 * no record older than `maxAgeMs` is trusted. */
const refreshMs = 4_000;
const maxAgeMs = 9_000;
/** Ids that do not exist are remembered this long, and this many of them. */
const unknownMs = 2_000;
const maxUnknown = 10_000;
/** Headers found good that are remembered, so that their secrets need not be hashed again. */
const maxAdmitted = 10_000;
/** At most 100 look-ups a second, each for many keys. */
const lookupIntervalMs = 10;

interface Cached {
  readonly record: KeyRecord;
  readonly principal: Principal;
  readonly loadedAt: number;
  refreshing: boolean;
}

export function createKeyVerifier({ keys }: { readonly keys: KeyFinder }): KeyVerifier {
  const load = createKeyLoader({ keys, minIntervalMs: lookupIntervalMs });
  const known = new Map<string, Cached>();
  const unknown = new Map<string, number>();
  /** Headers that were found good, and the record they were checked against. */
  const admitted = new Map<string, Cached>();

  async function lookUp(id: string): Promise<Cached> {
    if (!canExist(id)) throw fault("SERVER_KEY_INVALID");
    const askedAt = performance.now();
    const record = await load(id);
    if (record === undefined) {
      known.delete(id);
      rememberUnknown(id, askedAt);
      throw fault("SERVER_KEY_INVALID");
    }
    const { appId, appName } = record;
    const principal = { appId, appName, keyId: id };
    const cached = { record, principal, loadedAt: askedAt, refreshing: false };
    known.set(id, cached);
    unknown.delete(id);
    return cached;
  }

  function rememberUnknown(id: string, at: number): void {
    if (unknown.size >= maxUnknown) unknown.clear();
    unknown.set(id, at);
  }

  function refreshBehind(cached: Cached): void {
    cached.refreshing = true;
    // A failure leaves the old record in use until it is too old; the next look-up reports it.
    lookUp(cached.record.id).catch(() => {
      cached.refreshing = false;
    });
  }

  /** The record, unless it is too old; renews it behind the scenes in time. */
  function current(id: string, now: number): Cached | undefined {
    const cached = known.get(id);
    if (cached === undefined || now - cached.loadedAt >= maxAgeMs) return undefined;
    if (now - cached.loadedAt > refreshMs && !cached.refreshing) refreshBehind(cached);
    return cached;
  }

  function admit(cached: Cached, header: string, secret: string): Principal {
    const { record } = cached;
    if (!timingSafeEqual(hashSecret(secret), record.secretHash)) throw fault("SERVER_KEY_INVALID");
    if (admitted.size >= maxAdmitted) admitted.clear();
    admitted.set(header, cached);
    return usable(cached);
  }

  return {
    verify(header) {
      const now = performance.now();
      const before = admitted.get(header ?? "");
      if (before !== undefined && current(before.record.id, now) === before) return usable(before);

      const { id, secret } = parseServerKey(header);
      const cached = current(id, now);
      if (cached !== undefined) return admit(cached, header ?? "", secret);
      const missedAt = unknown.get(id);
      if (missedAt !== undefined && now - missedAt < unknownMs) throw fault("SERVER_KEY_INVALID");
      return lookUp(id).then((fresh) => admit(fresh, header ?? "", secret));
    },
  };
}

/** Whether to ask for this id at all: the database cannot hold a NUL, and no key has a longer one. */
function canExist(id: string): boolean {
  return id.length <= maxKeyIdLength && !id.includes("\0");
}

/** Refuses a key that was revoked or has expired. */
function usable({ record, principal }: Cached): Principal {
  if (record.revokedAt !== null) throw fault("SERVER_KEY_INVALID");
  if (record.expiresAt !== null && record.expiresAt.getTime() <= Date.now()) {
    throw fault("SERVER_KEY_EXPIRED");
  }
  return principal;
}
