/** One direction of a contact: that `ownerId` has `contactId` in their list. */
export interface ContactPair {
  readonly ownerId: string;
  readonly contactId: string;
}

/** One entry of a sync: adds the pair, or removes it. */
export interface SyncEntry extends ContactPair {
  readonly isDeleted: boolean;
}

/**
 * What a sync does, in the order it is done: all insertions, then all deletions (documented contract
 * of Sync Contacts). Each list names a pair once and is sorted.
 */
export interface SyncPlan {
  readonly inserts: readonly ContactPair[];
  readonly deletes: readonly ContactPair[];
}

/** Rows really inserted and rows really deleted. */
export interface SyncCounts {
  readonly inserted: number;
  readonly deleted: number;
}

/**
 * Plans a sync. Every plan sorts its pairs in the same order, so that syncs which run at the same
 * time take their row locks in the same order and cannot deadlock.
 */
export function planSync(entries: readonly SyncEntry[]): SyncPlan {
  const inserts = new Map<string, ContactPair>();
  const deletes = new Map<string, ContactPair>();
  for (const entry of entries) {
    (entry.isDeleted ? deletes : inserts).set(pairKey(entry), entry);
  }
  return { inserts: sorted(inserts), deletes: sorted(deletes) };
}

/** NUL cannot be part of an id, so no two pairs share a key. */
function pairKey({ ownerId, contactId }: ContactPair): string {
  return `${ownerId}\0${contactId}`;
}

function sorted(pairs: ReadonlyMap<string, ContactPair>): ContactPair[] {
  return [...pairs].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, pair]) => pair);
}
