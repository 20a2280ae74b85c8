/** One entry of a sync: that `ownerId` has `contactId` in their list, or no longer has. */
export interface SyncEntry {
  readonly ownerId: string;
  readonly contactId: string;
  /** True removes the pair, false adds it. */
  readonly isDeleted: boolean;
}

/** What became of an entry; see `SyncContactsResponse.Outcome` in the proto. */
export type SyncOutcome = "INSERTED" | "EXISTED" | "DELETED" | "MISSING";

export interface SyncResult {
  /** Rows really inserted (documented contract of Sync Contacts). */
  readonly inserted: number;
  /** Rows really deleted (documented contract of Sync Contacts). */
  readonly deleted: number;
  /** One for each entry, in their order; there where the caller asked for them. */
  readonly outcomes?: readonly SyncOutcome[];
}
