/** What a list is to become. */
export interface Replacement {
  /** The whole list. One that is named twice counts once. */
  readonly contactIds: readonly string[];
  /** Change nothing, give the counts alone. */
  readonly isDryRun: boolean;
  /** The fingerprint that the list has to have; undefined: any. */
  readonly expectedFingerprint?: string | undefined;
}

export interface ReplaceCounts {
  readonly inserted: number;
  readonly deleted: number;
  readonly unchanged: number;
}
