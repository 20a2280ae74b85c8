import { success } from "../case.ts";
import type { Pair } from "../model.ts";
import type { CallCase } from "./case.ts";
import { astral, lastOfFirstPlane, manyIds, pairsOf } from "./case.ts";

type Verdict = "none" | "contact" | "mutual";

function check(
  name: string,
  before: readonly Pair[],
  asked: readonly (readonly [owner: string, contact: string, verdict: Verdict])[],
): CallCase {
  return {
    name: `checkContacts: ${name}`,
    rpc: "checkContacts",
    before,
    body: {
      pairs: asked.map(([ownerXCUserID, contactXCUserID]) => ({ ownerXCUserID, contactXCUserID })),
    },
    expect: success({
      results: asked.map(([, , verdict]) => ({
        isContact: verdict !== "none",
        isMutual: verdict === "mutual",
      })),
    }),
  };
}

const verdicts: readonly Verdict[] = ["contact", "none"];

export const checkCases: readonly CallCase[] = [
  check("nothing is there", [], [["a", "b", "none"]]),
  check(
    "one way",
    [["a", "b"]],
    [
      ["a", "b", "contact"],
      ["b", "a", "none"],
    ],
  ),
  check(
    "both ways",
    [
      ["a", "b"],
      ["b", "a"],
    ],
    [
      ["a", "b", "mutual"],
      ["b", "a", "mutual"],
    ],
  ),
  check(
    "oneself",
    [["a", "a"]],
    [
      ["a", "a", "mutual"],
      ["b", "b", "none"],
    ],
  ),
  check(
    "in the order of the request, and each as often as it is asked",
    [
      ["b", "a"],
      ["c", "a"],
    ],
    [
      ["c", "a", "contact"],
      ["x", "y", "none"],
      ["b", "a", "contact"],
      ["a", "c", "none"],
      ["c", "a", "contact"],
      ["x", "y", "none"],
    ],
  ),
  check(
    "ids that look alike",
    [
      ["a", "\u00e9"],
      ["A", "b"],
      [astral, lastOfFirstPlane],
    ],
    [
      ["a", "e\u0301", "none"],
      ["a", "\u00e9", "contact"],
      ["a", "b", "none"],
      ["A", "b", "contact"],
      ["A", "b ", "none"],
      [lastOfFirstPlane, astral, "none"],
      [astral, lastOfFirstPlane, "contact"],
    ],
  ),
  check(
    "ids that read the same when joined",
    [
      ["ab", "c"],
      ["c", "ab"],
    ],
    [
      ["a", "bc", "none"],
      ["ab", "c", "mutual"],
      ["a,b", "c", "none"],
    ],
  ),
  check(
    "1,000 pairs",
    pairsOf(
      "u",
      manyIds(1_000).filter((_, n) => n % 2 === 0),
    ),
    manyIds(1_000).map((id, n) => ["u", id, verdicts[n % 2] ?? "none"]),
  ),
  check(
    "1,000 times the same pair",
    [
      ["a", "b"],
      ["b", "a"],
    ],
    manyIds(1_000).map(() => ["a", "b", "mutual"]),
  ),
];
