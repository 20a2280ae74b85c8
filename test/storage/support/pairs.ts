import type { StoreOptions } from "../../../src/contact/contact-store.ts";
import type { SyncEntry } from "../../../src/contact/sync.ts";
import { Fault } from "../../../src/errors.ts";

export type ContactPair = Pick<SyncEntry, "ownerId" | "contactId">;

/** A call without a deadline that is never cancelled. */
export const unhurried: StoreOptions = { signal: new AbortController().signal };

/** A call with a deadline in so many milliseconds. */
export function within(milliseconds: number): StoreOptions {
  return { ...unhurried, timeLeftMs: () => milliseconds };
}

/** As in `pair("alice", "bob")`. */
export function pair(ownerId: string, contactId: string): ContactPair {
  return { ownerId, contactId };
}

export interface Change {
  readonly insert?: readonly ContactPair[];
  readonly remove?: readonly ContactPair[];
}

/** The entries of a sync that makes the change. */
export function plan({ insert = [], remove = [] }: Change): SyncEntry[] {
  return [
    ...insert.map((added) => ({ ...added, isDeleted: false })),
    ...remove.map((removed) => ({ ...removed, isDeleted: true })),
  ];
}

/** The pairs in a fixed order, to compare sets of pairs. */
export function sorted(pairs: readonly ContactPair[]): ContactPair[] {
  const keyOf = ({ ownerId, contactId }: ContactPair) => JSON.stringify([ownerId, contactId]);
  return pairs
    .map(({ ownerId, contactId }) => ({ ownerId, contactId }))
    .sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
}

/** The reason of the fault that a call rejects with, or any other error unchanged. */
export async function whyRejected(call: Promise<unknown>): Promise<unknown> {
  const error: unknown = await call.then(
    () => {
      throw new Error("the call succeeded");
    },
    (thrown) => thrown,
  );
  return error instanceof Fault ? error.reason : error;
}
