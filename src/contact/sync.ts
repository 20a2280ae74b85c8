/** One entry of a sync: adds `contactId` to the list of `ownerId`, or removes it. */
export interface SyncEntry {
  readonly ownerId: string;
  readonly contactId: string;
  /** True removes the pair, false adds it. */
  readonly isDeleted: boolean;
}

/** The outcome of an entry; see `SyncContactsResponse.Outcome` in the proto. */
export type SyncOutcome = "INSERTED" | "EXISTED" | "DELETED" | "MISSING";

export interface SyncResult {
  /** Rows really inserted (documented contract of Sync Contacts). */
  readonly inserted: number;
  /** Rows really deleted (documented contract of Sync Contacts). */
  readonly deleted: number;
  /** One for each entry, in their order; absent if the caller did not ask for them. */
  readonly outcomes?: readonly SyncOutcome[];
}
