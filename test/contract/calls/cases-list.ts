import { success } from "../case.ts";
import type { Pair } from "../model.ts";
import type { CallCase } from "./case.ts";
import {
  astral,
  lastOfFirstPlane,
  manyIds,
  pairsOf,
  shown,
  shownOwners,
  someToken,
} from "./case.ts";
import type { Rpc } from "./transports.ts";

/** A call that returns a list of the user "u". */
export interface ListCall {
  readonly rpc: Rpc;
  readonly user: string;
  /** The pairs to store, so that these others are on the list. */
  readonly put: (others: readonly string[]) => Pair[];
  readonly page: (others: readonly string[], nextPageToken?: unknown) => Record<string, unknown>;
}

const contactsPage: ListCall["page"] = (others, nextPageToken = "") => ({
  contacts: shown(others),
  nextPageToken,
});

export const listCalls: readonly ListCall[] = [
  {
    rpc: "listContacts",
    user: "ownerXCUserID",
    put: (others) => pairsOf("u", others),
    page: contactsPage,
  },
  {
    rpc: "listContactOwners",
    user: "contactXCUserID",
    put: (others) => others.map((other) => [other, "u"]),
    page: (others, nextPageToken = "") => ({ owners: shownOwners(others), nextPageToken }),
  },
  {
    rpc: "listMutualContacts",
    user: "ownerXCUserID",
    put: (others) =>
      others.flatMap((other): Pair[] => [
        ["u", other],
        [other, "u"],
      ]),
    page: contactsPage,
  },
];

/** In the order of their bytes. By UTF-16 code unit, the last two would be reversed. */
const inByteOrder = [
  ...["\u0001", " ", "'; --", "1", "10", "2", "A", "B", "__proto__", "a", "a ", "aa", "b"],
  ...["e\u0301", "\u00e9", "\u0430", "\ufeffa", lastOfFirstPlane, astral],
];

function casesOf({ rpc, user, put, page }: ListCall): CallCase[] {
  const cases: CallCase[] = [
    {
      name: "nobody",
      rpc,
      body: { [user]: "u" },
      expect: success(page([])),
    },
    {
      name: "one",
      rpc,
      before: put(["a"]),
      body: { [user]: "u" },
      expect: success(page(["a"])),
    },
    {
      name: "in the order of bytes, for any order of insertion",
      rpc,
      before: put(inByteOrder.toReversed()),
      body: { [user]: "u" },
      expect: success(page(inByteOrder)),
    },
    {
      name: "a user id outside the first Unicode plane",
      rpc,
      before: put(["a"]).map(([owner, contact]) => [mapUser(owner), mapUser(contact)]),
      body: { [user]: astral.repeat(50) },
      expect: success(page(["a"])),
    },
    {
      name: "not the pairs of others",
      rpc,
      before: [...put(["a"]), ["v", "b"], ["b", "v"], ["U", "c"], ["c", "U"], ["u ", "d"]],
      body: { [user]: "u" },
      expect: success(page(["a"])),
    },
    {
      name: "a page of 1",
      rpc,
      before: put(["a", "b"]),
      body: { [user]: "u", pageSize: 1 },
      expect: success(page(["a"], someToken)),
    },
    {
      name: "a page that is exactly full is the last page",
      rpc,
      before: put(["a", "b"]),
      body: { [user]: "u", pageSize: 2 },
      expect: success(page(["a", "b"])),
    },
    {
      name: "a page that is not full",
      rpc,
      before: put(["a", "b"]),
      body: { [user]: "u", pageSize: 3 },
      expect: success(page(["a", "b"])),
    },
    {
      name: "pages of 100 by default",
      rpc,
      before: put(manyIds(101)),
      body: { [user]: "u", pageSize: null, pageToken: null },
      expect: success(page(manyIds(100), someToken)),
    },
    {
      name: "a page of 1,000",
      rpc,
      before: put(manyIds(1_001)),
      body: { [user]: "u", pageSize: 1_000, pageToken: "" },
      expect: success(page(manyIds(1_000), someToken)),
    },
    {
      name: "unknown parameters are ignored",
      rpc,
      before: put(["a"]),
      body: { [user]: "u", appId: 1, offset: "x", cursor: [] },
      expect: success(page(["a"])),
    },
    {
      name: "the names of the proto are accepted",
      rpc,
      before: put(["a", "b"]),
      body: { [user]: "u", page_size: 5, page_token: "" },
      expect: success(page(["a", "b"])),
    },
  ];
  return cases.map((testCase) => ({ ...testCase, name: `${rpc}: ${testCase.name}` }));
}

function mapUser(id: string): string {
  return id === "u" ? astral.repeat(50) : id;
}

export const listCases: readonly CallCase[] = [
  ...listCalls.flatMap(casesOf),
  {
    name: "listContacts: oneself",
    rpc: "listContacts",
    before: [["u", "u"]],
    body: { ownerXCUserID: "u" },
    expect: success(contactsPage(["u"])),
  },
  {
    name: "listContactOwners: oneself",
    rpc: "listContactOwners",
    before: [["u", "u"]],
    body: { contactXCUserID: "u" },
    expect: success({ owners: shownOwners(["u"]), nextPageToken: "" }),
  },
  {
    name: "listMutualContacts: oneself, and only users on both lists",
    rpc: "listMutualContacts",
    before: [
      ["u", "u"],
      ["u", "a"],
      ["b", "u"],
      ["u", "c"],
      ["c", "u"],
      ["c", "a"],
      ["a", "c"],
    ],
    body: { ownerXCUserID: "u" },
    expect: success(contactsPage(["c", "u"])),
  },
  {
    name: "listContacts: not the owners who have the user",
    rpc: "listContacts",
    before: [["a", "u"]],
    body: { ownerXCUserID: "u" },
    expect: success(contactsPage([])),
  },
  {
    name: "listContactOwners: not the contacts of the user",
    rpc: "listContactOwners",
    before: [["u", "a"]],
    body: { contactXCUserID: "u" },
    expect: success({ owners: [], nextPageToken: "" }),
  },
];
