import type { ContractCase } from "./case.ts";
import { badParam, counts, entry } from "./case.ts";

const add = (owner: string, contact: string) => entry(owner, contact);
const remove = (owner: string, contact: string) => entry(owner, contact, true);

/** Adds and removes the same pair in one request, in every order of up to four entries. */
const orders = ["AR", "RA", "AAR", "ARA", "RAA", "RRA", "RAR", "ARR", "ARAR", "RARA", "RAAR"];

function inOrder(order: string) {
  return [...order].map((step) => (step === "A" ? add("1", "2") : remove("1", "2")));
}

/** The positions of one invalid entry among valid ones. */
const positions = [0, 1, 4_999, 9_999];

function goodEntries(count: number) {
  return Array.from({ length: count }, (_, i) => add(`o${i % 7}`, `c${i}`));
}

export const syncCases: readonly ContractCase[] = [
  ...orders.flatMap((order) => [
    {
      name: `a new pair in the order ${order}`,
      body: { contacts: inOrder(order) },
      expect: counts(1, 1),
    },
    {
      name: `a stored pair in the order ${order}`,
      before: [{ contacts: [add("1", "2")] }],
      body: { contacts: inOrder(order) },
      expect: counts(0, 1),
    },
  ]),
  {
    name: "deletions run after insertions of other pairs",
    before: [{ contacts: [add("1", "2"), add("1", "3")] }],
    body: { contacts: [remove("1", "2"), add("1", "4"), remove("1", "4"), add("1", "5")] },
    expect: counts(2, 2),
  },
  {
    name: "two owners with the same contact",
    before: [{ contacts: [add("1", "9"), add("2", "9")] }],
    body: { contacts: [remove("1", "9"), add("2", "8"), add("1", "8")] },
    expect: counts(2, 1),
  },
  {
    name: "deleting one direction keeps the other",
    before: [{ contacts: [add("1", "2"), add("2", "1")] }],
    body: { contacts: [remove("1", "2")] },
    expect: counts(0, 1),
  },
  {
    name: "an owner is removed from their own list",
    before: [{ contacts: [add("1", "1"), add("1", "2")] }],
    body: { contacts: [remove("1", "1")] },
    expect: counts(0, 1),
  },
  {
    name: "a deletion sent again counts 0",
    before: [{ contacts: [add("1", "2")] }, { contacts: [remove("1", "2")] }],
    body: { contacts: [remove("1", "2")] },
    expect: counts(0, 0),
  },
  {
    name: "a deleted pair may be added again",
    before: [{ contacts: [add("1", "2")] }, { contacts: [remove("1", "2")] }],
    body: { contacts: [add("1", "2")] },
    expect: counts(1),
  },
  {
    name: "a new pair added and deleted counts 1 and 1 every time it is sent",
    before: [{ contacts: inOrder("AR") }, { contacts: inOrder("RA") }],
    body: { contacts: inOrder("AR") },
    expect: counts(1, 1),
  },
  {
    name: "10,000 entries sent again count 0",
    before: [{ contacts: { $repeat: 10_000, entry: add("1", "u$i") } }],
    body: { contacts: { $repeat: 10_000, entry: add("1", "u$i") } },
    expect: counts(0),
  },
  {
    name: "10,000 deletions",
    before: [{ contacts: { $repeat: 10_000, entry: add("u$i", "1") } }],
    body: { contacts: { $repeat: 10_000, entry: remove("u$i", "1") } },
    expect: counts(0, 10_000),
  },
  {
    name: "10,000 entries of one pair",
    body: { contacts: { $repeat: 10_000, entry: add("1", "2") } },
    expect: counts(1),
  },
  ...positions.map((position) => ({
    name: `an invalid entry at ${position} of 10,000 changes nothing`,
    before: [{ contacts: [add("1", "2")] }],
    body: { contacts: goodEntries(10_000).with(position, entry("1", "")) },
    expect: badParam("103", {
      message: `Param 'contactXCUserID' is required (contacts[${position}])`,
    }),
  })),
  {
    name: "an invalid entry among deletions changes nothing",
    before: [{ contacts: [add("1", "2"), add("1", "3")] }],
    body: { contacts: [remove("1", "2"), remove("1", ""), remove("1", "3")] },
    expect: badParam("103", { message: "Param 'contactXCUserID' is required (contacts[1])" }),
  },
];
