import { success } from "../case.ts";
import type { Pair } from "../model.ts";
import type { CallCase } from "./case.ts";
import { astral, manyIds, pairsOf } from "./case.ts";

interface Erasing {
  readonly user?: string;
  /** Pairs that are to go. */
  readonly gone: readonly Pair[];
  /** Pairs that are to stay. */
  readonly stay?: readonly Pair[];
}

function erase(name: string, { user = "u", gone, stay = [] }: Erasing): CallCase {
  const asOwner = gone.filter(([owner]) => owner === user).length;
  return {
    name: `eraseUser: ${name}`,
    rpc: "eraseUser",
    before: [...gone, ...stay],
    body: { xcUserID: user },
    expect: success({
      countDeletedAsOwner: asOwner,
      countDeletedAsContact: gone.length - asOwner,
    }),
    after: stay,
  };
}

export const eraseCases: readonly CallCase[] = [
  erase("nobody", { gone: [] }),
  erase("a user with a list", { gone: pairsOf("u", ["a", "b"]) }),
  erase("a user on the lists of others", {
    gone: [
      ["a", "u"],
      ["b", "u"],
    ],
  }),
  erase("both ways", {
    gone: [
      ["u", "a"],
      ["a", "u"],
      ["b", "u"],
      ["u", "c"],
    ],
  }),
  erase("oneself, which counts as the owner's", {
    gone: [
      ["u", "u"],
      ["u", "a"],
    ],
  }),
  erase("nothing of others", {
    gone: [["u", "a"]],
    stay: [
      ["a", "b"],
      ["v", "a"],
      ["U", "a"],
      ["u ", "a"],
      ["a", "u "],
      ["a", "U"],
    ],
  }),
  erase("a user beyond the first plane", {
    user: astral,
    gone: [
      [astral, "a"],
      ["a", astral],
    ],
  }),
  erase("in more steps than one", {
    gone: [...pairsOf("u", manyIds(2_500)), ...manyIds(1_001).map((id): Pair => [id, "u"])],
    stay: pairsOf("v", manyIds(10)),
  }),
];
