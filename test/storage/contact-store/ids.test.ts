import { expect, test } from "vitest";
import { createSuite } from "../../support/store-suite.ts";
import { pair, plan, sorted, unhurried } from "../support/pairs.ts";

const suite = createSuite();

/** Text that arrays, quoting, collation or normalization often change. */
const nasty: [name: string, id: string][] = [
  ["a quote", "'"],
  ["an injection", "'); DROP TABLE contact; --"],
  ["a double quote", '"'],
  ["a backslash", "\\"],
  ["a backslash and a quote", "\\'\\\""],
  ["an escape", "\\x41\\u0041\\n"],
  ["the syntax of an array", '{"a","b"}'],
  ["a comma", "a,b"],
  ["a brace", "{"],
  ["the word NULL", "NULL"],
  ["the word null", "null"],
  ["a placeholder", "$1"],
  ["a pattern", "%_"],
  ["a space", " "],
  ["a space at the end", "a "],
  ["a tab and a line break", "\t\r\n"],
  ["control characters", "\u0001\u001f\u007f\u0085"],
  ["a zero-width space", "\u200b"],
  ["a byte order mark", "\ufeffa"],
  ["a non-character", "\uffff"],
  ["right-to-left text", "\u202eאב"],
  ["a composed letter", "\u00e9"],
  ["a decomposed letter", "e\u0301"],
  ["a ligature", "ﬁ"],
  ["emoji of many code points", "👩‍👩‍👧‍👦"],
  ["50 astral characters", "😀".repeat(50)],
  ["the last code point", "\u{10ffff}"],
];

test.each(nasty)("%s is stored unchanged, as owner and as contact", async (_, id) => {
  const { store } = await suite.open();
  const appId = suite.newApp();
  const pairs = [pair(id, "x"), pair("x", id), pair(id, id)];
  const change = plan({ insert: pairs });
  expect(await store.sync(appId, change, unhurried)).toEqual({ inserted: 3, deleted: 0 });
  expect(sorted(await suite.contactsOf(appId))).toEqual(sorted(pairs));
  expect(await store.sync(appId, change, unhurried)).toEqual({ inserted: 0, deleted: 0 });
  expect(await store.sync(appId, plan({ remove: pairs }), unhurried)).toEqual({
    inserted: 0,
    deleted: 3,
  });
});

test("all of them are different ids", async () => {
  const { store } = await suite.open();
  const appId = suite.newApp();
  const pairs = nasty.flatMap(([, owner]) => nasty.map(([, contact]) => pair(owner, contact)));
  expect(await store.sync(appId, plan({ insert: pairs }), unhurried)).toEqual({
    inserted: pairs.length,
    deleted: 0,
  });
  expect(sorted(await suite.contactsOf(appId))).toEqual(sorted(pairs));
});

const near: [name: string, one: string, other: string][] = [
  ["case", "alice", "Alice"],
  ["case beyond ASCII", "ß", "ẞ"],
  ["an accent", "e", "é"],
  ["composition", "\u00e9", "e\u0301"],
  ["a space at the end", "a", "a "],
  ["leading zeros", "1", "01"],
  ["width", "1", "１"],
];

test.each(near)(
  "ids that differ in %s are different, also when one is deleted",
  async (_, one, other) => {
    const { store } = await suite.open();
    const appId = suite.newApp();
    const pairs = [pair(one, "x"), pair(other, "x"), pair("x", one), pair("x", other)];
    expect(await store.sync(appId, plan({ insert: pairs }), unhurried)).toEqual({
      inserted: 4,
      deleted: 0,
    });
    const gone = [pair(one, "x"), pair("x", one)];
    expect(await store.sync(appId, plan({ remove: gone }), unhurried)).toEqual({
      inserted: 0,
      deleted: 2,
    });
    expect(sorted(await suite.contactsOf(appId))).toEqual(
      sorted([pair(other, "x"), pair("x", other)]),
    );
  },
);

test("pairs whose ids have the same concatenation are different", async () => {
  const { store } = await suite.open();
  const appId = suite.newApp();
  const pairs = [pair("a", "bc"), pair("ab", "c")];
  await store.sync(appId, plan({ insert: pairs }), unhurried);
  await store.sync(appId, plan({ remove: [pair("a", "bc")] }), unhurried);
  expect(await suite.contactsOf(appId)).toEqual([pair("ab", "c")]);
});
