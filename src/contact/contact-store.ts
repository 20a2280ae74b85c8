import type { SyncEntry, SyncResult } from "./sync.ts";

export interface CallOptions {
  /** Ends the call early: its caller left, or its deadline passed. */
  readonly signal: AbortSignal;
  /** Milliseconds left of the deadline that the caller set; absent where it set none. */
  readonly timeLeftMs?: () => number | undefined;
}

export interface SyncOptions extends CallOptions {
  /** Whether the result is to say what became of each entry. */
  readonly wantsOutcomes?: boolean;
}

export interface ContactSyncer {
  /**
   * Runs the entries in one transaction: all insertions, then all deletions (documented contract of
   * Sync Contacts); all of it, or nothing.
   */
  sync(appId: number, entries: readonly SyncEntry[], options: SyncOptions): Promise<SyncResult>;
}

/**
 * Keeps the contacts of every app. Each call is for one app and touches no other's rows.
 *
 * Every method rejects with a `Fault`: DATABASE_UNAVAILABLE, OVERLOADED or DEADLINE_EXCEEDED, or with the
 * reason of the signal; whatever else it rejects with is a bug.
 */
export interface ContactStore extends ContactSyncer {}
