import { gzipSync } from "node:zlib";
import type { ContractCase } from "./case.ts";
import { badParam, counts, oneContact, rejected } from "./case.ts";

const pair = '{"ownerXCUserID":"1","contactXCUserID":"2"}';
const good = `{"contacts":[${pair}]}`;
const deep = (depth: number, inner = "") => "[".repeat(depth) + inner + "]".repeat(depth);
const bytes = (hex: string) => Buffer.from(hex.replaceAll(" ", ""), "hex");

/** A body with these bytes as the owner's id. */
function ownerOf(hex: string): Buffer {
  const [before, after] = ['{"contacts":[{"ownerXCUserID":"', '","contactXCUserID":"2"}]}'];
  return Buffer.concat([Buffer.from(before), bytes(hex), Buffer.from(after)]);
}

/** None of these is a JSON object. The error names no field. */
const unreadable: Readonly<Record<string, string | Uint8Array>> = {
  "only white space": " \r\n\t",
  null: "null",
  true: "true",
  "a number": "1",
  "a string": '"contacts"',
  "a list that contains a valid body": `[${good}]`,
  "two objects": good + good,
  "an object and a comma": `${good},`,
  "an object and a NUL": `${good}\0`,
  "a list that ends in a comma": `{"contacts":[${pair},]}`,
  "a comment": `/* a */${good}`,
  "single quotes": good.replaceAll('"', "'"),
  "names without quotes": good.replaceAll(/"(\w+)":/g, "$1:"),
  "not a number": '{"contacts":[NaN]}',
  "a number with a zero before it": '{"contacts":[01]}',
  "an escape that JSON does not have": good.replace('"1"', '"\\x31"'),
  "a line break in a string": good.replace('"1"', '"1\n"'),
  "100,000 unclosed lists": "[".repeat(100_000),
  "100,000 lists": deep(100_000),
  "100,000 unclosed objects": '{"a":'.repeat(100_000),
  "a byte that is invalid in UTF-8": ownerOf("ff"),
  "a truncated UTF-8 character": ownerOf("c3"),
  "a surrogate in UTF-8": ownerOf("ed a0 80"),
  "a NUL encoded in two bytes": ownerOf("c0 80"),
  "a character after the last code point": ownerOf("f4 90 80 80"),
  "bytes of Latin-1": ownerOf("e9"),
  "UTF-16": Buffer.from(good, "utf16le"),
  "UTF-16 with a byte order mark": Buffer.from(`\ufeff${good}`, "utf16le"),
  "two byte order marks": `\ufeff\ufeff${good}`,
};

/** Unusual bodies that are valid JSON and add 1 -> 2. */
const readable: Readonly<Record<string, string>> = {
  "white space around everything": good.replaceAll(/([{}[\]:,])/g, " \r\n\t$1\t\n\r "),
  "a byte order mark": `\ufeff${good}`,
  "keys with escapes": good.replace("contacts", "\\u0063ontacts"),
  "the last of two keys counts": `{"contacts":[],"contacts":[${pair}]}`,
  "the last of two ids counts": good.replace('"1"', '"9","ownerXCUserID":"1"'),
  "__proto__ as a key": `{"__proto__":{"contacts":[]},"contacts":[${pair}]}`,
  "__proto__ in an entry": good.replace('"2"', '"2","__proto__":{"isDeleted":true}'),
  "constructor as a key": good.replace('"2"', '"2","constructor":{"prototype":{"isDeleted":true}}'),
  "toString and valueOf as keys": good.replace('"2"', '"2","toString":1,"valueOf":null'),
  "an ignored number outside the range of a double": good.replace('"2"', '"2","weight":1e400'),
  "an ignored field nested deeply": good.replace("{", `{"a":${deep(1_000, "1")},`),
  "an ignored field that is large": good.replace("{", `{"a":"${"x".repeat(1_000_000)}",`),
  "an empty key": good.replace("{", '{"":1,'),
  "an ignored lone surrogate": good.replace("{", '{"a":"\\ud800","\\ud800":1,'),
};

const boundless = "must be a string (contacts[0])";

export const bodyCases: readonly ContractCase[] = [
  ...Object.entries(unreadable).map(([name, raw]) => ({
    name: `an unreadable body: ${name}`,
    raw,
    expect: badParam(""),
  })),
  ...Object.entries(readable).map(([name, raw]) => ({
    name: `a readable body: ${name}`,
    raw,
    expect: counts(1),
  })),
  {
    name: "contacts only in a prototype are missing",
    raw: `{"__proto__":{"contacts":[${pair}]}}`,
    expect: badParam("101", { message: "Param 'contacts' cannot be empty" }),
  },
  {
    name: "an owner only in a prototype is missing",
    raw: '{"contacts":[{"__proto__":{"ownerXCUserID":"1"},"contactXCUserID":"2"}]}',
    expect: badParam("102", { message: "Param 'ownerXCUserID' is required (contacts[0])" }),
  },
  {
    name: "an owner that is a number outside the range of a double",
    raw: good.replace('"1"', "1e400"),
    expect: badParam("102", { includes: boundless }),
  },
  {
    name: "isDeleted that is a number outside the range of a double",
    raw: good.replace('"2"', '"2","isDeleted":-1e400'),
    expect: badParam("104"),
  },
  {
    name: "contacts nested 90,000 deep",
    raw: `{"contacts":${deep(90_000, pair)}}`,
    expect: badParam("101", { includes: "(contacts[0])" }),
  },
  { name: "no body", expect: badParam(""), headers: { "content-type": "application/json" } },

  ...["gzip", "GZIP"].map((encoding) => ({
    name: `a body in ${encoding}`,
    headers: { "content-encoding": encoding },
    body: oneContact,
    encode: (bytes: Uint8Array) => gzipSync(bytes),
    expect: counts(1),
  })),
  {
    name: "a body in two gzip members",
    headers: { "content-encoding": "gzip" },
    body: oneContact,
    encode: (bytes) =>
      Buffer.concat([gzipSync(bytes.subarray(0, 20)), gzipSync(bytes.subarray(20))]),
    expect: counts(1),
  },
  {
    name: "a body in identity",
    headers: { "content-encoding": "identity" },
    body: oneContact,
    expect: counts(1),
  },
  ...["deflate", "br", "zstd", "compress", "gzip, gzip", "unknown"].map((encoding) => ({
    name: `a body in ${encoding}`,
    headers: { "content-encoding": encoding },
    body: oneContact,
    expect: rejected(415),
  })),
  {
    name: "gzip that is not gzip",
    headers: { "content-encoding": "gzip" },
    body: oneContact,
    expect: badParam(""),
  },
  {
    name: "truncated gzip",
    headers: { "content-encoding": "gzip" },
    body: oneContact,
    encode: (bytes) => gzipSync(bytes).subarray(0, -6),
    expect: badParam(""),
  },
  {
    name: "gzip of an empty body",
    headers: { "content-encoding": "gzip" },
    raw: "",
    encode: (bytes) => gzipSync(bytes),
    expect: badParam(""),
  },
  {
    name: "gzip of text that is not JSON",
    headers: { "content-encoding": "gzip" },
    raw: "{",
    encode: (bytes) => gzipSync(bytes),
    expect: badParam(""),
  },
];
