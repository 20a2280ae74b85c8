/** What Sync Contacts means, kept as simply as can be: a set of pairs. */
export interface Model {
  /** Does the request to the set and tells what the answer must count. */
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

function isDeletion({ isDeleted }: Record<string, unknown>): boolean {
  return isDeleted === true || isDeleted === "true";
}

function keyOf({ ownerXCUserID, contactXCUserID }: Record<string, unknown>): string {
  return JSON.stringify([ownerXCUserID, contactXCUserID]);
}
