import type { SyncCounts, SyncPlan } from "./sync.ts";

export interface CallOptions {
  /** Ends the call early: its caller left, or its deadline passed. */
  readonly signal: AbortSignal;
  /** Milliseconds left of the deadline that the caller set; absent where it set none. */
  readonly timeLeftMs?: () => number | undefined;
}

/**
 * Keeps the contacts of every app. Each call is for one app and touches no other's rows.
 *
 * Every method rejects with a `Fault`: DATABASE_UNAVAILABLE, DEADLINE_EXCEEDED or CANCELLED; whatever
 * else it rejects with is a bug.
 */
export interface ContactStore {
  /** Runs the plan in one transaction, insertions first: all of it, or nothing. */
  sync(appId: number, plan: SyncPlan, options: CallOptions): Promise<SyncCounts>;
}
