import type { Envelope } from "../case.ts";
import { entry, parameterFault, success } from "../case.ts";
import type { Pair } from "../model.ts";
import type { CallCase } from "./case.ts";
import { astral, lastOfFirstPlane, manyIds, pairsOf } from "./case.ts";

const rpc = "syncContacts";

const add = (contact: string, owner = "u") => entry(owner, contact);
const remove = (contact: string, owner = "u") => entry(owner, contact, true);

interface Syncing {
  readonly before?: readonly Pair[];
  readonly contacts: readonly unknown[];
  readonly outcomes: readonly string[];
  readonly after: readonly Pair[];
}

function answer(outcomes: readonly string[], isAsked: boolean): Envelope {
  const countOf = (outcome: string) => outcomes.filter((each) => each === outcome).length;
  const counts = { countInserted: countOf("INSERTED"), countDeleted: countOf("DELETED") };
  return success(isAsked ? { ...counts, outcomes } : counts);
}

/** A sync that asks for outcomes, and the same without, which has the documented answer. */
function sync(name: string, { before = [], contacts, outcomes, after }: Syncing): CallCase[] {
  const told = { rpc, before, after } as const;
  return [
    {
      ...told,
      name: `${rpc}: outcomes of ${name}`,
      body: { contacts, returnOutcomes: true },
      expect: answer(outcomes, true),
    },
    {
      ...told,
      name: `${rpc}: counts of ${name}`,
      body: { contacts },
      expect: answer(outcomes, false),
    },
  ];
}

/** Ways to ask for outcomes, or not to. */
const flags: readonly { value: unknown; isAsked: boolean; isJsonOnly?: true }[] = [
  { value: true, isAsked: true },
  { value: "true", isAsked: true, isJsonOnly: true },
  { value: false, isAsked: false },
  { value: "false", isAsked: false, isJsonOnly: true },
  { value: null, isAsked: false },
];

const many = manyIds(10_000);
const kinds = [lastOfFirstPlane, astral, "e\u0301", "\u00e9", "__proto__", "'; --", '{"a"}'];

export const syncOutcomeCases: readonly CallCase[] = [
  ...sync("a new contact", {
    contacts: [add("a")],
    outcomes: ["INSERTED"],
    after: pairsOf("u", ["a"]),
  }),
  ...sync("nothing that changes", {
    before: pairsOf("u", ["a"]),
    contacts: [remove("b"), add("a"), remove("c")],
    outcomes: ["MISSING", "EXISTED", "MISSING"],
    after: pairsOf("u", ["a"]),
  }),
  ...sync("all four, in order", {
    before: pairsOf("u", ["a", "b"]),
    contacts: [remove("x"), remove("a"), add("b"), add("c")],
    outcomes: ["MISSING", "DELETED", "EXISTED", "INSERTED"],
    after: pairsOf("u", ["b", "c"]),
  }),
  ...sync("contacts that are named often, of which the first counts", {
    before: pairsOf("u", ["b", "d"]),
    contacts: [add("a"), remove("b"), add("a"), remove("b"), add("d"), add("d")],
    outcomes: ["INSERTED", "DELETED", "EXISTED", "MISSING", "EXISTED", "EXISTED"],
    after: pairsOf("u", ["a", "d"]),
  }),
  ...sync("a new contact that goes at once, though it is removed before it is added", {
    contacts: [remove("a"), add("a"), remove("a"), add("a")],
    outcomes: ["DELETED", "INSERTED", "MISSING", "EXISTED"],
    after: [],
  }),
  ...sync("a contact that is there and is added and removed", {
    before: pairsOf("u", ["a"]),
    contacts: [add("a"), remove("a")],
    outcomes: ["EXISTED", "DELETED"],
    after: [],
  }),
  ...sync("pairs the other way round, and of other owners", {
    before: [["u", "v"]],
    contacts: [
      add("u", "v"),
      add("v"),
      remove("u"),
      remove("v", "v"),
      add("V", "U"),
      add("V", "U"),
    ],
    outcomes: ["INSERTED", "EXISTED", "MISSING", "MISSING", "INSERTED", "EXISTED"],
    after: [
      ["u", "v"],
      ["v", "u"],
      ["U", "V"],
    ],
  }),
  ...sync("ids of every kind", {
    before: pairsOf("u", kinds.slice(0, 3)),
    contacts: kinds.map((id) => add(id)),
    outcomes: kinds.map((_, n) => (n < 3 ? "EXISTED" : "INSERTED")),
    after: pairsOf("u", kinds),
  }),
  ...sync("10,000 entries", {
    before: pairsOf("u", many.slice(2_500, 7_500)),
    contacts: many.map((id, n) => (n < 5_000 ? add(id) : remove(id))),
    outcomes: many.map(
      (_, n) => ["INSERTED", "EXISTED", "DELETED", "MISSING"][Math.floor(n / 2_500)] ?? "",
    ),
    after: pairsOf("u", many.slice(0, 5_000)),
  }),
  ...flags.map(
    ({ value, isAsked, ...rest }): CallCase => ({
      name: `${rpc}: returnOutcomes ${JSON.stringify(value)}`,
      rpc,
      body: { contacts: [add("a"), remove("b")], returnOutcomes: value },
      ...rest,
      expect: answer(["INSERTED", "MISSING"], isAsked),
      after: pairsOf("u", ["a"]),
    }),
  ),
  {
    name: `${rpc}: of two faults the first in order: the entry, the flag`,
    rpc,
    body: { returnOutcomes: "yes", contacts: [add("a"), add("")] },
    isJsonOnly: true,
    expect: parameterFault("103", "Param 'contactXCUserID' is required (contacts[1])"),
  },
];
