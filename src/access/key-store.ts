/** A key as the database stores it, without its secret. */
export interface KeyRecord {
  readonly id: string;
  readonly appId: number;
  readonly appName: string;
  /** SHA-256 of the secret, 32 bytes. */
  readonly secretHash: Buffer;
  readonly createdAt: Date;
  readonly expiresAt: Date | null;
  readonly revokedAt: Date | null;
}

export interface App {
  readonly id: number;
  readonly name: string;
  readonly createdAt: Date;
}

/** The store that the check of a Server-Key needs. */
export interface KeyFinder {
  /** Returns the records of the ids that exist. Rejects with Fault DATABASE_UNAVAILABLE. */
  findKeys(ids: readonly string[]): Promise<KeyRecord[]>;
}

export interface NewKey {
  readonly id: string;
  readonly secretHash: Buffer;
  readonly appId: number;
  readonly expiresAt: Date | null;
}

/** Apps and keys, for the command line and for the first start. */
export interface KeyStore extends KeyFinder {
  /** Returns undefined if the name is taken. */
  createApp(name: string): Promise<App | undefined>;
  findApp(name: string): Promise<App | undefined>;
  /** All apps, ordered by name. */
  listApps(): Promise<App[]>;
  /** Returns undefined if any app has a key with this id. The existing key does not change. */
  createKey(key: NewKey): Promise<KeyRecord | undefined>;
  /** The keys of an app, oldest first. */
  listKeys(appId: number): Promise<KeyRecord[]>;
  /** Returns undefined if the key does not exist. A second revocation keeps the time of the first. */
  revokeKey(id: string): Promise<KeyRecord | undefined>;
}
