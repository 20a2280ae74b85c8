import { success } from "../case.ts";
import type { Pair } from "../model.ts";
import type { CallCase } from "./case.ts";
import { astral, manyIds, pairsOf } from "./case.ts";

interface Erasure {
  readonly user?: string;
  /** Pairs that the call deletes. */
  readonly deleted: readonly Pair[];
  /** Pairs that the call keeps. */
  readonly kept?: readonly Pair[];
}

function erase(name: string, { user = "u", deleted, kept = [] }: Erasure): CallCase {
  const asOwner = deleted.filter(([owner]) => owner === user).length;
  return {
    name: `eraseUser: ${name}`,
    rpc: "eraseUser",
    before: [...deleted, ...kept],
    body: { xcUserID: user },
    expect: success({
      countDeletedAsOwner: asOwner,
      countDeletedAsContact: deleted.length - asOwner,
    }),
    after: kept,
  };
}

export const eraseCases: readonly CallCase[] = [
  erase("nobody", { deleted: [] }),
  erase("a user with a list", { deleted: pairsOf("u", ["a", "b"]) }),
  erase("a user on the lists of others", {
    deleted: [
      ["a", "u"],
      ["b", "u"],
    ],
  }),
  erase("in both directions", {
    deleted: [
      ["u", "a"],
      ["a", "u"],
      ["b", "u"],
      ["u", "c"],
    ],
  }),
  erase("oneself, which counts as the owner's", {
    deleted: [
      ["u", "u"],
      ["u", "a"],
    ],
  }),
  erase("not the pairs of others", {
    deleted: [["u", "a"]],
    kept: [
      ["a", "b"],
      ["v", "a"],
      ["U", "a"],
      ["u ", "a"],
      ["a", "u "],
      ["a", "U"],
    ],
  }),
  erase("a user id outside the first Unicode plane", {
    user: astral,
    deleted: [
      [astral, "a"],
      ["a", astral],
    ],
  }),
  erase("in several steps", {
    deleted: [...pairsOf("u", manyIds(2_500)), ...manyIds(1_001).map((id): Pair => [id, "u"])],
    kept: pairsOf("v", manyIds(10)),
  }),
];
