/** The new content of a list. */
export interface Replacement {
  /** The whole list. Duplicates count once. */
  readonly contactIds: readonly string[];
  /** True: returns the counts and changes nothing. */
  readonly isDryRun: boolean;
  /** The fingerprint that the list must have; undefined: any. */
  readonly expectedFingerprint?: string | undefined;
}

export interface ReplaceCounts {
  readonly inserted: number;
  readonly deleted: number;
  readonly unchanged: number;
}
