/** The simplest model of Sync Contacts: a set of pairs. */
export interface Model {
  /** Applies the request to the set. Returns the counts that the response must have. */
  sync(body: unknown): { countInserted: number; countDeleted: number };
  /** Every pair that must be stored now, sorted. */
  pairs(): Pair[];
}

export type Pair = readonly [owner: string, contact: string];

export function createModel(): Model {
  const stored = new Set<string>();
  return {
    sync(body) {
      const { contacts } = body as { contacts: Record<string, unknown>[] };
      const before = stored.size;
      for (const each of contacts) if (!isDeletion(each)) stored.add(keyOf(each));
      const between = stored.size;
      for (const each of contacts) if (isDeletion(each)) stored.delete(keyOf(each));
      return { countInserted: between - before, countDeleted: between - stored.size };
    },
    pairs: () => sortPairs([...stored].map((text) => JSON.parse(text))),
  };
}

/** Sorts pairs by their text, so that two lists can be compared. */
export function sortPairs(pairs: readonly Pair[]): Pair[] {
  return [...pairs].sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}

function isDeletion(entry: Record<string, unknown>): boolean {
  const isDeleted = entry.isDeleted ?? entry.is_deleted;
  return isDeleted === true || isDeleted === "true";
}

/** The value of a field under its documented name or its proto name. */
function keyOf(entry: Record<string, unknown>): string {
  const owner = entry.ownerXCUserID ?? entry.owner_xc_user_id;
  const contact = entry.contactXCUserID ?? entry.contact_xc_user_id;
  return JSON.stringify([owner, contact]);
}
