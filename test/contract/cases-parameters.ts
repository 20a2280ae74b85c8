import type { ContractCase } from "./case.ts";
import { badParam, counts, entry, oneContact } from "./case.ts";

const ownerRequired = badParam("102", {
  message: "Param 'ownerXCUserID' is required (contacts[0])",
});
const contactRequired = badParam("103", {
  message: "Param 'contactXCUserID' is required (contacts[0])",
});
const emptyList = badParam("101", { message: "Param 'contacts' cannot be empty" });

/** JSON values that are not strings. */
const notStrings = [0, 1, -1.5, true, false, [], ["1"], {}, { id: "1" }];
const notLists = ["", "[]", 0, 1, true, false, {}, { 0: entry("1", "2"), length: 1 }];
const notEntries = [null, [], [entry("1", "2")], "1", "", 0, true, false];
const notFlags = ["", "TRUE", "True", "FALSE", "yes", "1", "0", " true", 0, 1, [], [true], {}];

const show = (value: unknown) => JSON.stringify(value);

export const parameterCases: readonly ContractCase[] = [
  ...notLists.map((value) => ({
    name: `contacts is ${show(value)}`,
    body: { contacts: value },
    expect: badParam("101", { includes: "Param 'contacts' " }),
  })),
  ...notEntries.map((value) => ({
    name: `an entry is ${show(value)}`,
    body: { contacts: [value] },
    expect: badParam("101", { includes: "(contacts[0])" }),
  })),
  ...notStrings.flatMap((value) => [
    {
      name: `an owner is ${show(value)}`,
      body: { contacts: [entry(value, "2")] },
      expect: badParam("102", {
        message: "Param 'ownerXCUserID' must be a string (contacts[0])",
      }),
    },
    {
      name: `a contact id is ${show(value)}`,
      body: { contacts: [entry("1", "2"), entry("1", value)] },
      expect: badParam("103", {
        message: "Param 'contactXCUserID' must be a string (contacts[1])",
      }),
    },
  ]),
  ...notFlags.map((value) => ({
    name: `isDeleted is ${show(value)}`,
    body: { contacts: [entry("1", "2"), { ...entry("1", "3"), isDeleted: value }] },
    expect: badParam("104", { includes: "Param 'isDeleted' " }),
  })),
  { name: "an owner that is null", body: { contacts: [entry(null, "2")] }, expect: ownerRequired },
  { name: "an empty owner", body: { contacts: [entry("", "2")] }, expect: ownerRequired },
  {
    name: "a contact id that is null",
    body: { contacts: [entry("1", null)] },
    expect: contactRequired,
  },
  {
    name: "a missing contact id",
    body: { contacts: [{ ownerXCUserID: "1" }] },
    expect: contactRequired,
  },
  { name: "an empty entry", body: { contacts: [{}] }, expect: ownerRequired },
  { name: "two empty ids", body: { contacts: [entry("", "")] }, expect: ownerRequired },
  {
    name: "two invalid ids, with the contact first in the JSON",
    body: { contacts: [{ contactXCUserID: 1, ownerXCUserID: "" }] },
    expect: ownerRequired,
  },
  {
    name: "an owner that is too long, and a missing contact id",
    body: { contacts: [entry("x".repeat(51), "")] },
    expect: badParam("102", { includes: "50" }),
  },
  {
    name: "a missing contact id and an invalid isDeleted",
    body: { contacts: [{ isDeleted: "no", ownerXCUserID: "1" }] },
    expect: contactRequired,
  },
  {
    name: "an invalid isDeleted in an entry before one without ids",
    body: { contacts: [entry("1", "2", "no"), {}] },
    expect: badParam("104", { includes: "(contacts[0])" }),
  },
  {
    name: "an entry that is not an object, after an invalid entry",
    body: { contacts: [entry("1", ""), 7] },
    expect: contactRequired,
  },
  {
    name: "an entry that is not an object, before an invalid entry",
    body: { contacts: [7, entry("1", "")] },
    expect: badParam("101", { includes: "(contacts[0])" }),
  },
  {
    name: "an invalid entry in a deletion",
    body: { contacts: [entry("1", "2"), entry("", "2", true)] },
    expect: badParam("102", { message: "Param 'ownerXCUserID' is required (contacts[1])" }),
  },
  {
    name: "10,001 invalid entries",
    body: { contacts: { $repeat: 10_001, entry: {} } },
    expect: badParam("101", { includes: "10,000" }),
  },
  ...["Contacts", "contact", "101", "contacts ", "data"].map((key) => ({
    name: `the list under ${show(key)} is an unknown field`,
    body: { [key]: oneContact.contacts },
    expect: emptyList,
  })),
  ...["ownerXcUserId", "OwnerXCUserID", "102"].map((key) => ({
    name: `an owner under ${show(key)} is an unknown field`,
    body: { contacts: [{ [key]: "1", contactXCUserID: "2" }] },
    expect: ownerRequired,
  })),
  {
    name: "isDeleted in another spelling is an unknown field",
    body: { contacts: [{ ...entry("1", "2"), isdeleted: true, deleted: true }] },
    expect: counts(1),
  },
  {
    name: "the names of the proto",
    before: [oneContact],
    body: { contacts: [{ owner_xc_user_id: "1", contact_xc_user_id: "2", is_deleted: true }] },
    expect: counts(0, 1),
  },
  {
    name: "both names of one field",
    raw: '{"contacts":[{"ownerXCUserID":"1","owner_xc_user_id":"1","contactXCUserID":"2"}]}',
    expect: badParam("102", { includes: "owner_xc_user_id" }),
  },
  {
    name: "the keys of an entry in another order",
    before: [oneContact],
    raw: '{"contacts":[{"isDeleted":true,"contactXCUserID":"2","ownerXCUserID":"1"}]}',
    expect: counts(0, 1),
  },
];
