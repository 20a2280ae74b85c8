import * as fc from "fast-check";
import type { Batch, BatchReport } from "../../src/contact/batch.ts";
import { ownerKey } from "../../src/contact/pair-map.ts";
import type { SyncEntry, SyncOutcome, SyncResult } from "../../src/contact/sync.ts";

/** A unique key for a pair of an app. */
export function pairKey(
  appId: number,
  { ownerId, contactId }: Pick<SyncEntry, "ownerId" | "contactId">,
): string {
  return `${ownerKey(appId, ownerId)}\0${contactId}`;
}

export interface ModelRequest {
  readonly appId: number;
  readonly entries: readonly SyncEntry[];
  readonly wantsOutcomes?: boolean;
}

/** Applies one sync to the rows as the contract defines it: insertions first, deletions last. */
export function syncModel(rows: Set<string>, request: ModelRequest): SyncResult {
  const { appId, entries, wantsOutcomes = false } = request;
  const outcomes: SyncOutcome[] = [];
  const before = rows.size;
  entries.forEach((entry, n) => {
    if (entry.isDeleted) return;
    const key = pairKey(appId, entry);
    outcomes[n] = rows.has(key) ? "EXISTED" : "INSERTED";
    rows.add(key);
  });
  const between = rows.size;
  entries.forEach((entry, n) => {
    if (entry.isDeleted) outcomes[n] = rows.delete(pairKey(appId, entry)) ? "DELETED" : "MISSING";
  });
  const counts = { inserted: between - before, deleted: between - rows.size };
  return wantsOutcomes ? { ...counts, outcomes } : counts;
}

/** Applies a transaction to the rows, and returns the report of the database. */
export function applyBatch(rows: Set<string>, { inserts, deletes }: Batch): BatchReport {
  const inserted = inserts.filter((pair) => !rows.has(pairKey(pair.appId, pair)));
  for (const pair of inserted) rows.add(pairKey(pair.appId, pair));
  const deleted = deletes.filter((pair) => rows.delete(pairKey(pair.appId, pair)));
  return { inserted, deleted };
}

/** A small set of ids, so that requests have pairs in common. */
const id = fc.constantFrom("a", "b", "c");

export const anyEntry: fc.Arbitrary<SyncEntry> = fc.record({
  ownerId: id,
  contactId: id,
  isDeleted: fc.boolean(),
});

export const anyRequest: fc.Arbitrary<ModelRequest> = fc.record({
  appId: fc.constantFrom(1, 2),
  entries: fc.array(anyEntry, { minLength: 1, maxLength: 6 }),
  wantsOutcomes: fc.boolean(),
});

export const anyRows: fc.Arbitrary<Set<string>> = fc
  .array(fc.tuple(fc.constantFrom(1, 2), anyEntry))
  .map((pairs) => new Set(pairs.map(([appId, entry]) => pairKey(appId, entry))));
