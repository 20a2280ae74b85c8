import fc from "fast-check";
import type { ContactStore, EraseCounts } from "../../../src/contact/contact-store.ts";
import type { ReplaceCounts } from "../../../src/contact/replacement.ts";
import type { SyncEntry, SyncResult } from "../../../src/contact/sync.ts";
import { Fault } from "../../../src/errors.ts";
import { fingerprintOf } from "../../support/fingerprint.ts";
import { pairKey, syncModel } from "../../support/sync-model.ts";
import { unhurried } from "./pairs.ts";
import type { Step, Taken } from "./serial-order.ts";

/** A call of the store. */
export type Call = SyncCall | ReplaceCall | EraseCall | CheckCall | ListCall;

interface SyncCall {
  readonly kind: "sync";
  readonly entries: readonly SyncEntry[];
  readonly wantsOutcomes: boolean;
}

interface ReplaceCall {
  readonly kind: "replace";
  readonly ownerId: string;
  readonly contactIds: readonly string[];
  readonly isDryRun: boolean;
  readonly expectedFingerprint: string | undefined;
}

interface EraseCall {
  readonly kind: "erase";
  readonly userId: string;
}

/** Checks all pairs that calls of the model can change. */
interface CheckCall {
  readonly kind: "check";
}

interface ListCall {
  readonly kind: "list";
  readonly ownerId: string;
}

/** The result of a call, or the reason of its fault. */
export type Result =
  | SyncResult
  | ReplaceCounts
  | EraseCounts
  | readonly (string | boolean)[]
  | string;

const owners = ["me", "you"];
/** In the order of lists. */
const ids = ["a", "b", "c", ...owners];
const anyId = fc.constantFrom(...ids);
const allPairs = owners.flatMap((ownerId) => ids.map((contactId) => ({ ownerId, contactId })));

const anyEntry: fc.Arbitrary<SyncEntry> = fc.record({
  ownerId: fc.constantFrom(...owners),
  contactId: anyId,
  isDeleted: fc.boolean(),
});

/** Entries that create the first rows of an app. */
export const anyFirstEntries = fc.array(
  anyEntry.map((entry) => ({ ...entry, isDeleted: false })),
  { maxLength: 6 },
);

/**
 * @param fingerprint the fingerprint of the list of "me" before the calls
 * @param onlyChanges leaves out the calls that read the lists of several owners
 */
export function anyCall(fingerprint: string, onlyChanges: boolean): fc.Arbitrary<Call> {
  const sync = fc.record({
    kind: fc.constant("sync" as const),
    entries: fc.array(anyEntry, { minLength: 1, maxLength: 4 }),
    wantsOutcomes: fc.boolean(),
  });
  const replace = fc.record({
    kind: fc.constant("replace" as const),
    ownerId: fc.constant("me"),
    contactIds: fc.uniqueArray(anyId),
    isDryRun: fc.constantFrom(false, false, false, true),
    expectedFingerprint: fc.constantFrom(undefined, fingerprint, fingerprint, fingerprintOf([])),
  });
  const erase = fc.record({ kind: fc.constant("erase" as const), userId: anyId });
  const check = fc.constant({ kind: "check" as const });
  const list = fc.record({
    kind: fc.constant("list" as const),
    ownerId: fc.constantFrom(...owners),
  });
  const changes = [
    { arbitrary: sync, weight: 5 },
    { arbitrary: replace, weight: 4 },
  ];
  const others = [
    { arbitrary: check, weight: 2 },
    { arbitrary: list, weight: 1 },
    { arbitrary: erase, weight: 1 },
  ];
  return fc.oneof<fc.WeightedArbitrary<Call>[]>(...changes, ...(onlyChanges ? [] : others));
}

export async function make(call: Call, store: ContactStore, appId: number): Promise<Result> {
  switch (call.kind) {
    case "sync": {
      const { entries, wantsOutcomes } = call;
      return store.sync(appId, entries, { ...unhurried, wantsOutcomes });
    }
    case "replace":
      try {
        return await store.replace(appId, call.ownerId, call, unhurried);
      } catch (error) {
        if (error instanceof Fault && error.reason === "FINGERPRINT_MISMATCH") return error.reason;
        throw error;
      }
    case "check": {
      const results = await store.check(appId, allPairs, unhurried);
      return results.map(({ isContact }) => isContact);
    }
    case "list": {
      const { entries } = await store.listContacts(appId, call.ownerId, { size: 9 }, unhurried);
      return entries.map(({ id }) => id);
    }
    case "erase":
      return store.erase(appId, call.userId, unhurried);
  }
}

/** The effect of the call on a set of pairs, by their keys. */
export function stepOf(call: Call, appId: number): Step<string, Result> {
  switch (call.kind) {
    case "sync":
      return (before) => {
        const rows = new Set(before);
        const result = syncModel(rows, { appId, ...call });
        return { rows, result };
      };
    case "replace":
      return (before) => replaceModel(before, call, appId);
    case "check":
      return (before) => ({ result: allPairs.map((each) => before.has(pairKey(appId, each))) });
    case "list":
      return (before) => ({
        result: ids.filter((contactId) =>
          before.has(pairKey(appId, { ownerId: call.ownerId, contactId })),
        ),
      });
    case "erase":
      return eraseModel(call, appId);
  }
}

function replaceModel(
  before: ReadonlySet<string>,
  { ownerId, contactIds, isDryRun, expectedFingerprint }: ReplaceCall,
  appId: number,
): Taken<string, Result> {
  const keyOf = (contactId: string) => pairKey(appId, { ownerId, contactId });
  const list = ids.filter((id) => before.has(keyOf(id)));
  if (expectedFingerprint !== undefined && fingerprintOf(list) !== expectedFingerprint) {
    return { result: "FINGERPRINT_MISMATCH" };
  }
  const [there, wanted] = [new Set(list.map(keyOf)), new Set(contactIds.map(keyOf))];
  const result = {
    inserted: wanted.difference(there).size,
    deleted: there.difference(wanted).size,
    unchanged: there.intersection(wanted).size,
  };
  return isDryRun ? { result } : { rows: before.difference(there).union(wanted), result };
}

/** An erasure reads each list, and deletes the pairs that it has read in another step. */
function eraseModel({ userId }: EraseCall, appId: number): Step<string, Result> {
  const own = ids.map((contactId) => pairKey(appId, { ownerId: userId, contactId }));
  const others = ids.map((ownerId) => pairKey(appId, { ownerId, contactId: userId }));
  return walkModel(own, (asOwner) => ({
    next: walkModel(others, (asContact) => ({ result: { asOwner, asContact } })),
  }));
}

function walkModel(
  keys: readonly string[],
  end: (deleted: number) => Taken<string, Result>,
): Step<string, Result> {
  return (before) => {
    const found = new Set(keys.filter((key) => before.has(key)));
    if (found.size === 0) return end(0);
    return {
      next: (rows) => ({
        rows: rows.difference(found),
        ...end(found.intersection(rows).size),
      }),
    };
  };
}
