import type { Page, PageRequest } from "./page.ts";
import type { ReplaceCounts, Replacement } from "./replacement.ts";
import type { SyncEntry, SyncResult } from "./sync.ts";

export interface CallOptions {
  /** Ends the call early: its caller left, or its deadline passed. An AbortSignal will do. */
  readonly signal: Pick<AbortSignal, "aborted" | "reason" | "throwIfAborted">;
  /** Milliseconds left of the deadline that the caller set; absent where it set none. */
  readonly timeLeftMs?: () => number | undefined;
}

export interface SyncOptions extends CallOptions {
  /** Whether the result is to say what became of each entry. */
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
  /** Lists that have the user in them. */
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
   * Sync Contacts); all of it, or nothing.
   */
  sync(appId: number, entries: readonly SyncEntry[], options: SyncOptions): Promise<SyncResult>;
}

export interface ContactReader {
  /** The contacts of an owner, by id. */
  listContacts(
    appId: number,
    ownerId: string,
    page: PageRequest,
    options: CallOptions,
  ): Promise<Page>;

  /** Who has a user as a contact, by id. */
  listOwners(
    appId: number,
    contactId: string,
    page: PageRequest,
    options: CallOptions,
  ): Promise<Page>;

  /** The contacts of an owner who have the owner too, by id; the times are those of the owner's list. */
  listMutual(
    appId: number,
    ownerId: string,
    page: PageRequest,
    options: CallOptions,
  ): Promise<Page>;

  /** One result for each pair, in their order. */
  check(
    appId: number,
    pairs: readonly ContactPair[],
    options: CallOptions,
  ): Promise<readonly CheckResult[]>;

  count(appId: number, userId: string, options: CallOptions): Promise<ContactCounts>;

  fingerprint(appId: number, ownerId: string, options: CallOptions): Promise<ListFingerprint>;
}

export interface ContactReplacer {
  /**
   * Makes the list of an owner exactly the given contacts, in one transaction, exact beside whatever
   * else runs.
   *
   * @throws Fault FINGERPRINT_MISMATCH where the list is not what the caller expects
   */
  replace(
    appId: number,
    ownerId: string,
    replacement: Replacement,
    options: CallOptions,
  ): Promise<ReplaceCounts>;
}

export interface ContactEraser {
  /** Removes a user from every list and drops their own, in bounded steps; safe to repeat. */
  erase(appId: number, userId: string, options: CallOptions): Promise<EraseCounts>;
}

/**
 * Keeps the contacts of every app. Each call is for one app and touches no other's rows.
 *
 * Every method rejects with a `Fault`: DATABASE_UNAVAILABLE, OVERLOADED or DEADLINE_EXCEEDED, or with the
 * reason of the signal; whatever else it rejects with is a bug.
 */
export interface ContactStore
  extends ContactSyncer,
    ContactReader,
    ContactReplacer,
    ContactEraser {}
