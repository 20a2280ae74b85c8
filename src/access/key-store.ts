/** A key as the database stores it: without its secret. */
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

/** What checking a Server-Key needs. */
export interface KeyFinder {
  /** The records of those ids that exist. Rejects with Fault DATABASE_UNAVAILABLE. */
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
  /** Undefined where the name is taken. */
  createApp(name: string): Promise<App | undefined>;
  findApp(name: string): Promise<App | undefined>;
  /** All apps, ordered by name. */
  listApps(): Promise<App[]>;
  /** Undefined where the id is taken, by whatever app; the key that has it is left as it is. */
  createKey(key: NewKey): Promise<KeyRecord | undefined>;
  /** The keys of an app, oldest first. */
  listKeys(appId: number): Promise<KeyRecord[]>;
  /** Undefined where there is no such key. Revoking twice keeps the first time. */
  revokeKey(id: string): Promise<KeyRecord | undefined>;
}
