/** Which part of a list to read. */
export interface PageRequest {
  /** The last id of the previous page; absent for the first page. */
  readonly after?: string | undefined;
  /** Most entries in the page, at least 1. */
  readonly size: number;
}

/** A part of a list, by id in byte order. */
export interface Page {
  readonly entries: readonly PageEntry[];
  /** Whether the list has more entries after the last one. */
  readonly hasMore: boolean;
}

export interface PageEntry {
  readonly id: string;
  /** When the contact was added: microseconds since 1970, UTC. */
  readonly createdAtMicros: number;
}
