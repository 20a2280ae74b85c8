import type { Page, PageRequest } from "./page.ts";
import type { ReplaceCounts, Replacement } from "./replacement.ts";
import type { SyncEntry, SyncResult } from "./sync.ts";

export interface StoreOptions {
  /** Ends the call early: the caller disconnected, or the deadline is exceeded. May be an AbortSignal. */
  readonly signal: Pick<AbortSignal, "aborted" | "reason" | "throwIfAborted">;
  /** Milliseconds left until the deadline of the caller; absent if the caller set none. */
  readonly timeLeftMs?: () => number | undefined;
  /** The trace of the call, for the observer of the store. Absent: the call is not traced. */
  readonly trace?: object | undefined;
}

export interface ReadOptions extends StoreOptions {
  /** Whether the result may be somewhat older than the call. Absent: no. */
  readonly allowsStale?: boolean;
}

export interface SyncOptions extends StoreOptions {
  /** Whether the result includes the outcome of each entry. */
  readonly wantsOutcomes?: boolean;
}

export type ContactPair = Pick<SyncEntry, "ownerId" | "contactId">;

export interface CheckResult {
  readonly isContact: boolean;
  /** Whether each has the other. */
  readonly isMutual: boolean;
}

export interface ContactCounts {
  /** Contacts in the list of the user. */
  readonly contacts: number;
  /** Lists that contain the user. */
  readonly owners: number;
}

export interface ListFingerprint {
  /** 32 hexadecimal digits in lower case: see `FingerprintContactsResponse` in the proto. */
  readonly fingerprint: string;
  /** Contacts in the list. */
  readonly contacts: number;
}

export interface EraseCounts {
  readonly asOwner: number;
  readonly asContact: number;
}

export interface ContactSyncer {
  /**
   * Runs the entries in one transaction: all insertions, then all deletions (documented contract of
   * Sync Contacts). The transaction applies completely, or not at all.
   */
  sync(appId: number, entries: readonly SyncEntry[], options: SyncOptions): Promise<SyncResult>;
}

export interface ContactReader {
  /** The contacts of an owner, by id. */
  listContacts(
    appId: number,
    ownerId: string,
    page: PageRequest,
    options: ReadOptions,
  ): Promise<Page>;

  /** The owners whose lists contain a user, by id. */
  listOwners(
    appId: number,
    contactId: string,
    page: PageRequest,
    options: ReadOptions,
  ): Promise<Page>;

  /** The contacts of an owner who have the owner as a contact too, by id, with the times of the owner's list. */
  listMutual(
    appId: number,
    ownerId: string,
    page: PageRequest,
    options: ReadOptions,
  ): Promise<Page>;

  /** One result for each pair, in their order. */
  check(
    appId: number,
    pairs: readonly ContactPair[],
    options: ReadOptions,
  ): Promise<readonly CheckResult[]>;

  count(appId: number, userId: string, options: ReadOptions): Promise<ContactCounts>;

  fingerprint(appId: number, ownerId: string, options: ReadOptions): Promise<ListFingerprint>;
}

export interface ContactReplacer {
  /**
   * Makes the list of an owner exactly the given contacts, in one transaction. The counts are exact, also
   * when other calls change the list at the same time.
   *
   * @throws Fault FINGERPRINT_MISMATCH if the list is not the one that the caller expects
   */
  replace(
    appId: number,
    ownerId: string,
    replacement: Replacement,
    options: StoreOptions,
  ): Promise<ReplaceCounts>;
}

export interface ContactEraser {
  /** Removes a user from every list and deletes the user's own list, in steps of limited size. Safe to repeat. */
  erase(appId: number, userId: string, options: StoreOptions): Promise<EraseCounts>;
}

/**
 * Stores the contacts of every app. Each call is for one app, and neither reads nor changes the rows of
 * other apps.
 *
 * Every method rejects with a `Fault` (DATABASE_UNAVAILABLE, OVERLOADED or DEADLINE_EXCEEDED) or with the
 * reason of the signal. Any other error is a bug.
 */
export interface ContactStore
  extends ContactSyncer,
    ContactReader,
    ContactReplacer,
    ContactEraser {}
