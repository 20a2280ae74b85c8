import type { RateLimit } from "./rate-limit.ts";

/** A key as the database stores it, without its secret. */
export interface KeyRecord {
  readonly id: string;
  readonly name: string | null;
  readonly appId: number;
  readonly appName: string;
  /** The app's own rate limit. Null: the default of the service. */
  readonly rateLimit: RateLimit | null;
  /** SHA-256 of the secret, 32 bytes. */
  readonly secretHash: Buffer;
  readonly createdAt: Date;
  readonly expiresAt: Date | null;
  readonly revokedAt: Date | null;
  /** Time of an accepted call, exact to about a minute. Null before the first one. */
  readonly lastUsedAt: Date | null;
}

export interface App {
  readonly id: number;
  readonly name: string;
  readonly createdAt: Date;
  /** The app's own rate limit. Null: the default of the service. */
  readonly rateLimit: RateLimit | null;
}

/** The store that the check of a Server-Key needs. */
export interface KeyFinder {
  /** Returns the records of the ids that exist. Rejects with Fault DATABASE_UNAVAILABLE. */
  findKeys(ids: readonly string[]): Promise<KeyRecord[]>;
}

export interface NewKey {
  readonly id: string;
  /** What `parseName` returns. Names of keys need not be unique. */
  readonly name?: string | null;
  readonly secretHash: Buffer;
  readonly appId: number;
  readonly expiresAt: Date | null;
}

export interface Rotation {
  /** The key to replace. */
  readonly id: string;
  /** How long the old key stays valid, in milliseconds. */
  readonly overlapMs: number;
  readonly newKey: Pick<NewKey, "id" | "secretHash" | "expiresAt">;
}

export interface RotatedKeys {
  readonly oldKey: KeyRecord;
  readonly newKey: KeyRecord;
}

/** The last uses of keys: the time of each, by the id of the key. */
export type KeyUses = ReadonlyMap<string, Date>;

/** Records when keys were used. */
export interface KeyUseWriter {
  /** Ignores keys that do not exist and keys that another transaction has locked. Never waits for a lock. */
  recordUses(uses: KeyUses): Promise<void>;
}

/** Apps and keys, for the command line and for the first start. */
export interface KeyStore extends KeyFinder, KeyUseWriter {
  /** Returns undefined if the name is taken. */
  createApp(name: string): Promise<App | undefined>;
  findApp(name: string): Promise<App | undefined>;
  /** All apps, ordered by name. */
  listApps(): Promise<App[]>;
  /** Returns undefined if any app has a key with this id. The existing key does not change. */
  createKey(key: NewKey): Promise<KeyRecord | undefined>;
  /** The keys of an app, oldest first. Without an app: the keys of all apps, ordered by app. */
  listKeys(appId?: number): Promise<KeyRecord[]>;
  /**
   * Creates a key with the app and the name of the old one, in the same transaction in which the old one
   * gets its expiry. The expiry of the old key never moves to a later time.
   *
   * @returns undefined if the old key does not exist, is revoked, or has expired. Nothing has changed then
   */
  rotateKey(rotation: Rotation): Promise<RotatedKeys | undefined>;
  /** Returns undefined if the key does not exist. A second revocation keeps the time of the first. */
  revokeKey(id: string): Promise<KeyRecord | undefined>;
}
