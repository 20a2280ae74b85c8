/** Which part of a list to read. */
export interface PageRequest {
  /** The `nextAfter` of the previous page; absent for the first page. */
  readonly after?: string | undefined;
  /** Most entries in the page, at least 1. */
  readonly size: number;
}

/** A part of a list, by id in byte order. */
export interface Page {
  readonly entries: readonly PageEntry[];
  /** The id after which the next page begins; absent if this page is the last. */
  readonly nextAfter: string | undefined;
}

export interface PageEntry {
  readonly id: string;
  /** When the contact was added: microseconds since 1970, UTC. */
  readonly createdAtMicros: number;
}
