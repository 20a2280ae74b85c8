import type { ContractCase } from "./case.ts";
import { badParam, counts, entry } from "./case.ts";

/** Valid ids. Each is added, then found and deleted. */
const allowed: Readonly<Record<string, string>> = {
  "one space": " ",
  "only spaces, tabs and line breaks": " \t\r\n",
  "an inner space": "a b",
  "an emoji": "👍",
  "a family of emoji": "👨‍👩‍👧‍👦",
  "a letter and a combining accent": "e\u0301",
  "right-to-left letters and marks": "\u202eשלום\u200f",
  "several kinds of quotes": `"'\`“”`,
  "a backslash": "\\",
  "SQL text": "'; DROP TABLE contact; --",
  "a placeholder of SQL": "$1",
  "an array literal of Postgres": '{"a",NULL}',
  "the word NULL": "NULL",
  "a bytea literal of Postgres": "\\x41",
  "a wildcard": "%_*?",
  "the name __proto__": "__proto__",
  "the name constructor": "constructor",
  "the name hasOwnProperty": "hasOwnProperty",
  "control characters other than NUL": "\u0001\u001f\u007f\u0085",
  "a byte order mark": "\ufeffa",
  "the replacement character": "\ufffd",
  noncharacters: "\uffff\ufffe\u{10ffff}",
  "50 characters": "x".repeat(50),
  "50 characters of four bytes": "\u{10fffd}".repeat(50),
  "50 code points, half of them combining": "e\u0301".repeat(25),
};

const astral = "𝒳";

const tooLong: Readonly<Record<string, string>> = {
  "51 spaces": " ".repeat(51),
  "51 characters outside the first Unicode plane": astral.repeat(51),
  "50 characters outside the first Unicode plane and one more": `${astral.repeat(50)}x`,
  "52 code points that look like 26 letters": "e\u0301".repeat(26),
  "a million characters": "x".repeat(1_000_000),
};

/** Pairs of similar ids that are different. */
const distinct: readonly (readonly [string, string, string])[] = [
  ["composed and combining", "\u00e9", "e\u0301"],
  ["with and without a space after", "1", "1 "],
  ["with and without a space before", "1", " 1"],
  ["Latin and Cyrillic", "a", "\u0430"],
  ["with and without a byte order mark", "a", "\ufeffa"],
  ["full width and half width", "\uff11", "1"],
  ["number-like", "1", "01"],
  ["two Turkish letters i", "i", "\u0131"],
];

export const idCases: readonly ContractCase[] = [
  ...Object.entries(allowed).flatMap(([name, id]) => [
    { name: `an owner of ${name}`, body: { contacts: [entry(id, "2")] }, expect: counts(1) },
    { name: `a contact of ${name}`, body: { contacts: [entry("1", id)] }, expect: counts(1) },
    {
      name: `deleting ${name}`,
      before: [{ contacts: [entry(id, id)] }],
      body: { contacts: [entry(id, id, true)] },
      expect: counts(0, 1),
    },
  ]),
  ...Object.entries(tooLong).flatMap(([name, id]) => [
    {
      name: `an owner of ${name}`,
      body: { contacts: [entry(id, "2")] },
      expect: badParam("102", { includes: "50" }),
    },
    {
      name: `a contact of ${name}`,
      body: { contacts: [entry("1", id)] },
      expect: badParam("103", { includes: "50" }),
    },
  ]),
  ...distinct.map(([name, one, other]) => ({
    name: `distinct ids: ${name}`,
    before: [{ contacts: [entry(one, one)] }],
    body: { contacts: [entry(other, one), entry(one, other), entry(other, other, true)] },
    expect: counts(2),
  })),
  {
    name: "JSON escapes in an id are decoded",
    before: [{ contacts: [entry("👍", "é/")] }],
    raw: '{"contacts":[{"ownerXCUserID":"\\ud83d\\uDC4D","contactXCUserID":"\\u00E9\\/"}]}',
    expect: counts(0),
  },
  {
    name: "pairs whose ids are the same text when joined are different",
    body: {
      contacts: [
        ["ab", "c"],
        ["a", "bc"],
        ["a:b", "c"],
        ["a", "b:c"],
        ["a,b", "c"],
        ["a", "b,c"],
        ["a\u0001b", "c"],
        ["a", "b\u0001c"],
        ['a","b', "c"],
        ["a", 'b","c'],
      ].map(([owner, contact]) => entry(owner, contact)),
    },
    expect: counts(10),
  },
  {
    name: "a NUL at the end of a contact id",
    body: { contacts: [entry("1", "2\0")] },
    expect: badParam("103", { includes: "contactXCUserID" }),
  },
  {
    name: "only a NUL",
    body: { contacts: [entry("\0", "2")] },
    expect: badParam("102", { includes: "ownerXCUserID" }),
  },
  ...[
    ["a lone high surrogate", "\\ud83d"],
    ["a lone low surrogate", "\\udc4d"],
    ["surrogates in the wrong order", "\\udc4d\\ud83d"],
    ["a high surrogate before a letter", "\\ud83dx"],
  ].map(([name, escaped]) => ({
    name: `an owner with ${name}`,
    raw: `{"contacts":[{"ownerXCUserID":"${escaped}","contactXCUserID":"2"}]}`,
    expect: badParam("102", { includes: "ownerXCUserID" }),
  })),
];
