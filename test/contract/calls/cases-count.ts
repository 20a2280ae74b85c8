import { success } from "../case.ts";
import type { Pair } from "../model.ts";
import type { CallCase } from "./case.ts";
import { astral, manyIds, pairsOf } from "./case.ts";

function count(
  name: string,
  before: readonly Pair[],
  [contactCount, ownerCount]: readonly [contacts: number, owners: number],
  xcUserID = "u",
): CallCase {
  return {
    name: `countContacts: ${name}`,
    rpc: "countContacts",
    before,
    body: { xcUserID },
    expect: success({ contactCount, ownerCount }),
  };
}

export const countCases: readonly CallCase[] = [
  count("nobody", [], [0, 0]),
  count("a contact", [["u", "a"]], [1, 0]),
  count("an owner", [["a", "u"]], [0, 1]),
  count("oneself, in both directions", [["u", "u"]], [1, 1]),
  count(
    "not the pairs of others",
    [
      ["a", "b"],
      ["u ", "a"],
      ["U", "a"],
      ["a", "U"],
    ],
    [0, 0],
  ),
  count(
    "a user id outside the first Unicode plane",
    [
      [astral, "a"],
      ["a", astral],
    ],
    [1, 1],
    astral,
  ),
  count(
    "many",
    [...pairsOf("u", manyIds(1_500)), ...manyIds(1_200).map((id): Pair => [id, "u"])],
    [1_500, 1_200],
  ),
];
