import type { Envelope } from "../case.ts";
import { entry, parameterFault, success } from "../case.ts";
import type { Pair } from "../model.ts";
import type { CallCase } from "./case.ts";
import { astral, lastOfFirstPlane, manyIds, pairsOf } from "./case.ts";

const rpc = "syncContacts";

const add = (contact: string, owner = "u") => entry(owner, contact);
const remove = (contact: string, owner = "u") => entry(owner, contact, true);

interface Sync {
  readonly before?: readonly Pair[];
  readonly contacts: readonly unknown[];
  readonly outcomes: readonly string[];
  readonly after: readonly Pair[];
}

function response(outcomes: readonly string[], wantsOutcomes: boolean): Envelope {
  const countOf = (outcome: string) => outcomes.filter((each) => each === outcome).length;
  const counts = { countInserted: countOf("INSERTED"), countDeleted: countOf("DELETED") };
  return success(wantsOutcomes ? { ...counts, outcomes } : counts);
}

/** A sync that requests outcomes, and the same sync without outcomes, which has the documented response. */
function sync(name: string, { before = [], contacts, outcomes, after }: Sync): CallCase[] {
  const common = { rpc, before, after } as const;
  return [
    {
      ...common,
      name: `${rpc}: outcomes of ${name}`,
      body: { contacts, returnOutcomes: true },
      expect: response(outcomes, true),
    },
    {
      ...common,
      name: `${rpc}: counts of ${name}`,
      body: { contacts },
      expect: response(outcomes, false),
    },
  ];
}

/** Values of returnOutcomes. */
const flags: readonly { value: unknown; wantsOutcomes: boolean; isJsonOnly?: true }[] = [
  { value: true, wantsOutcomes: true },
  { value: "true", wantsOutcomes: true, isJsonOnly: true },
  { value: false, wantsOutcomes: false },
  { value: "false", wantsOutcomes: false, isJsonOnly: true },
  { value: null, wantsOutcomes: false },
];

const many = manyIds(10_000);
const kinds = [lastOfFirstPlane, astral, "e\u0301", "\u00e9", "__proto__", "'; --", '{"a"}'];

export const syncOutcomeCases: readonly CallCase[] = [
  ...sync("a new contact", {
    contacts: [add("a")],
    outcomes: ["INSERTED"],
    after: pairsOf("u", ["a"]),
  }),
  ...sync("entries that change nothing", {
    before: pairsOf("u", ["a"]),
    contacts: [remove("b"), add("a"), remove("c")],
    outcomes: ["MISSING", "EXISTED", "MISSING"],
    after: pairsOf("u", ["a"]),
  }),
  ...sync("all four outcomes, in order", {
    before: pairsOf("u", ["a", "b"]),
    contacts: [remove("x"), remove("a"), add("b"), add("c")],
    outcomes: ["MISSING", "DELETED", "EXISTED", "INSERTED"],
    after: pairsOf("u", ["b", "c"]),
  }),
  ...sync("repeated contacts, where the first entry counts", {
    before: pairsOf("u", ["b", "d"]),
    contacts: [add("a"), remove("b"), add("a"), remove("b"), add("d"), add("d")],
    outcomes: ["INSERTED", "DELETED", "EXISTED", "MISSING", "EXISTED", "EXISTED"],
    after: pairsOf("u", ["a", "d"]),
  }),
  ...sync("a new contact that is removed before it is added, and ends deleted", {
    contacts: [remove("a"), add("a"), remove("a"), add("a")],
    outcomes: ["DELETED", "INSERTED", "MISSING", "EXISTED"],
    after: [],
  }),
  ...sync("a stored contact that is added and removed", {
    before: pairsOf("u", ["a"]),
    contacts: [add("a"), remove("a")],
    outcomes: ["EXISTED", "DELETED"],
    after: [],
  }),
  ...sync("reversed pairs, and pairs of other owners", {
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
    ({ value, wantsOutcomes, ...rest }): CallCase => ({
      name: `${rpc}: returnOutcomes ${JSON.stringify(value)}`,
      rpc,
      body: { contacts: [add("a"), remove("b")], returnOutcomes: value },
      ...rest,
      expect: response(["INSERTED", "MISSING"], wantsOutcomes),
      after: pairsOf("u", ["a"]),
    }),
  ),
  {
    name: `${rpc}: the first of two faults in order: the entry, the flag`,
    rpc,
    body: { returnOutcomes: "yes", contacts: [add("a"), add("")] },
    isJsonOnly: true,
    expect: parameterFault("103", "Param 'contactXCUserID' is required (contacts[1])"),
  },
];
