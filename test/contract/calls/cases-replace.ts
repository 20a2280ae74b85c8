import type { Envelope } from "../case.ts";
import { success } from "../case.ts";
import type { Pair } from "../model.ts";
import type { CallCase } from "./case.ts";
import { astral, lastOfFirstPlane, manyIds, pairsOf } from "./case.ts";
import { fingerprints } from "./cases-fingerprint.ts";

export const mismatch: Envelope = {
  status: 409,
  error: {
    code: "40900",
    message: "The contact list does not have the expected fingerprint",
    field: "",
  },
  data: {},
};

function counts(countInserted: number, countDeleted: number, countUnchanged: number): Envelope {
  return success({ countInserted, countDeleted, countUnchanged });
}

interface Replacing {
  readonly before: readonly Pair[];
  /** The new list of "u". */
  readonly ids: readonly string[];
  readonly expect: Envelope;
  /** Pairs of other owners, which stay. */
  readonly others?: readonly Pair[];
}

/** A replacement, and the same replacement as a dry run. It changes nothing. */
function replace(name: string, { before, ids, expect, others = [] }: Replacing): CallCase[] {
  const rpc = "replaceContacts";
  const body = { ownerXCUserID: "u", contactXCUserIDs: ids };
  const all = [...before, ...others];
  const after = [...pairsOf("u", [...new Set(ids)]), ...others];
  return [
    { name: `${rpc}: ${name}`, rpc, before: all, body, expect, after },
    { name: `${rpc}: ${name}, dry run`, rpc, before: all, body: { ...body, dryRun: true }, expect },
  ];
}

/** A replacement of ["a"] by ["b"] that expects a fingerprint, with and without a dry run. */
function expecting(name: string, expectedFingerprint: unknown, expect: Envelope): CallCase[] {
  const rpc = "replaceContacts";
  const before = pairsOf("u", ["a"]);
  const body = { ownerXCUserID: "u", contactXCUserIDs: ["b"], expectedFingerprint };
  const after = expect.status === 200 ? pairsOf("u", ["b"]) : before;
  return [
    { name: `${rpc}: expecting ${name}`, rpc, before, body, expect, after },
    {
      name: `${rpc}: expecting ${name}, dry run`,
      rpc,
      before,
      body: { ...body, dryRun: true },
      expect,
    },
  ];
}

const shuffled = manyIds(10_000).map((_, n, ids) => ids[(n * 7_919) % 10_000] as string);

export const replaceCases: readonly CallCase[] = [
  ...replace("an empty list by an empty list", { before: [], ids: [], expect: counts(0, 0, 0) }),
  ...replace("an empty list", { before: [], ids: ["a", "b"], expect: counts(2, 0, 0) }),
  ...replace("a list by an empty list", {
    before: pairsOf("u", ["a", "b", "u"]),
    ids: [],
    expect: counts(0, 3, 0),
  }),
  ...replace("a list by itself", {
    before: pairsOf("u", ["a", "b"]),
    ids: ["b", "a"],
    expect: counts(0, 0, 2),
  }),
  ...replace("some are deleted, some stay, some are added", {
    before: pairsOf("u", ["a", "b", "c"]),
    ids: ["c", "d", "e", "b", "f"],
    expect: counts(3, 1, 2),
  }),
  ...replace("a repeated contact counts once", {
    before: pairsOf("u", ["a", "c"]),
    ids: ["a", "b", "a", "b", "b"],
    expect: counts(1, 1, 1),
  }),
  ...replace("oneself", { before: [], ids: ["u"], expect: counts(1, 0, 0) }),
  ...replace("not the pairs of others", {
    before: pairsOf("u", ["a"]),
    ids: ["b"],
    expect: counts(1, 1, 0),
    others: [...pairsOf("v", ["a", "b"]), ["a", "u"], ["b", "u"], ["U", "a"], ["u ", "a"]],
  }),
  ...replace("ids of every kind", {
    before: pairsOf("u", ["e\u0301", astral]),
    ids: ["\u00e9", lastOfFirstPlane, astral, "NULL", '{"a"}', "'; --", "\ufeffa", "\\x41"],
    expect: counts(7, 1, 1),
  }),
  ...replace("10,000, half of them stored", {
    before: pairsOf("u", manyIds(15_000).slice(5_000)),
    ids: shuffled,
    expect: counts(5_000, 5_000, 5_000),
  }),
  ...replace("a list of more than 10,000 by one contact", {
    before: pairsOf("u", manyIds(12_000)),
    ids: ["c00007"],
    expect: counts(0, 11_999, 1),
  }),
  ...expecting("the fingerprint of the list", fingerprints.a, counts(1, 1, 0)),
  ...expecting("no fingerprint, because it is null", null, counts(1, 1, 0)),
  ...expecting("the fingerprint of another list", fingerprints.ab, mismatch),
  ...expecting("the fingerprint of the new list", fingerprints.none, mismatch),
  ...expecting("an empty fingerprint", "", mismatch),
  ...expecting("the fingerprint in capitals", fingerprints.a.toUpperCase(), mismatch),
  ...expecting("the fingerprint and a space", `${fingerprints.a} `, mismatch),
  ...expecting("a fingerprint with a NUL", "\0", mismatch),
  ...expecting("a long fingerprint", "f".repeat(100_000), mismatch),
  {
    name: "replaceContacts: expecting the fingerprint of an empty list",
    rpc: "replaceContacts",
    body: {
      ownerXCUserID: "u",
      contactXCUserIDs: ["a"],
      expectedFingerprint: fingerprints.none,
    },
    expect: counts(1, 0, 0),
    after: pairsOf("u", ["a"]),
  },
  {
    name: "replaceContacts: a flag as text, as for the other flags",
    rpc: "replaceContacts",
    before: pairsOf("u", ["a"]),
    body: { ownerXCUserID: "u", contactXCUserIDs: [], dryRun: "true" },
    isJsonOnly: true,
    expect: counts(0, 1, 0),
  },
];
