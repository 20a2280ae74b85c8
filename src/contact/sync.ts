/** One entry of a sync: that `ownerId` has `contactId` in their list, or no longer has. */
export interface SyncEntry {
  readonly ownerId: string;
  readonly contactId: string;
  /** True removes the pair, false adds it. */
  readonly isDeleted: boolean;
}

/** Rows really inserted and rows really deleted (documented contract of Sync Contacts). */
export interface SyncCounts {
  readonly inserted: number;
  readonly deleted: number;
}
