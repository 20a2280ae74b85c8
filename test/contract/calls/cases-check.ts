import { success } from "../case.ts";
import type { Pair } from "../model.ts";
import type { CallCase } from "./case.ts";
import { astral, lastOfFirstPlane, manyIds, pairsOf } from "./case.ts";

type Status = "none" | "contact" | "mutual";

function check(
  name: string,
  before: readonly Pair[],
  expected: readonly (readonly [owner: string, contact: string, status: Status])[],
): CallCase {
  return {
    name: `checkContacts: ${name}`,
    rpc: "checkContacts",
    before,
    body: {
      pairs: expected.map(([ownerXCUserID, contactXCUserID]) => ({
        ownerXCUserID,
        contactXCUserID,
      })),
    },
    expect: success({
      results: expected.map(([, , status]) => ({
        isContact: status !== "none",
        isMutual: status === "mutual",
      })),
    }),
  };
}

const statuses: readonly Status[] = ["contact", "none"];

export const checkCases: readonly CallCase[] = [
  check("no stored pairs", [], [["a", "b", "none"]]),
  check(
    "in one direction",
    [["a", "b"]],
    [
      ["a", "b", "contact"],
      ["b", "a", "none"],
    ],
  ),
  check(
    "in both directions",
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
    "in the order of the request, with repeated pairs",
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
    "pairs whose ids are the same text when joined",
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
    manyIds(1_000).map((id, n) => ["u", id, statuses[n % 2] ?? "none"]),
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
