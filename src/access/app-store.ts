import type { KeyRecord } from "./key-store.ts";
import type { RateLimit } from "./rate-limit.ts";

/** A contact by the order of its key: owner, then contact. */
export interface ContactPosition {
  readonly ownerId: string;
  readonly contactId: string;
}

export interface DeletedContacts {
  readonly deleted: number;
  /** The last deleted contact. Undefined if there were none. */
  readonly last: ContactPosition | undefined;
}

export interface ContactCount {
  readonly count: number;
  /** Whether there are more contacts than were counted. */
  readonly hasMore: boolean;
}

/** What the command line does with a whole app. Each method is one short transaction. */
export interface AppStore {
  /** Sets the rate limit of an app. Null: the default of the service. */
  setRateLimit(appId: number, limit: RateLimit | null): Promise<void>;
  /** Counts the contacts of an app up to a limit. */
  countContacts(appId: number, limit: number): Promise<ContactCount>;
  /** Revokes all keys of an app. Returns all of them. Keys that were revoked before keep their time. */
  revokeKeys(appId: number): Promise<KeyRecord[]>;
  /** Deletes up to `limit` contacts of an app, in order, after a position. */
  deleteContacts(
    appId: number,
    after: ContactPosition | undefined,
    limit: number,
  ): Promise<DeletedContacts>;
  /**
   * Deletes an app and its revoked keys.
   *
   * @returns the number of deleted keys; undefined if the app has a key that is not revoked. Nothing has
   *   changed then
   */
  deleteApp(appId: number): Promise<number | undefined>;
}
