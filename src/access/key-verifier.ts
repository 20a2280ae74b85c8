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

  return {
    verify(header) {
      const { id, secret } = parseServerKey(header);
      const now = performance.now();
      const cached = known.get(id);
      if (cached !== undefined && now - cached.loadedAt < maxAgeMs) {
        if (now - cached.loadedAt > refreshMs && !cached.refreshing) refreshBehind(cached);
        return admit(cached, secret);
      }
      const missedAt = unknown.get(id);
      if (missedAt !== undefined && now - missedAt < unknownMs) throw fault("SERVER_KEY_INVALID");
      return lookUp(id).then((fresh) => admit(fresh, secret));
    },
  };
}

/** Whether to ask for this id at all: the database cannot hold a NUL, and no key has a longer one. */
function canExist(id: string): boolean {
  return id.length <= maxKeyIdLength && !id.includes("\0");
}

function admit({ record, principal }: Cached, secret: string): Principal {
  const matches = timingSafeEqual(hashSecret(secret), record.secretHash);
  if (!matches || record.revokedAt !== null) throw fault("SERVER_KEY_INVALID");
  if (record.expiresAt !== null && record.expiresAt.getTime() <= Date.now()) {
    throw fault("SERVER_KEY_EXPIRED");
  }
  return principal;
}
