import fc from "fast-check";
import type pg from "pg";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { integerArray, textArray } from "../../src/storage/array-parameter.ts";
import { connectClient } from "../support/database.ts";

let client: pg.Client;
beforeAll(async () => {
  client = await connectClient(inject("postgresUrl"));
});
afterAll(() => client.end());

/** The elements and the length of an array parameter, as Postgres reads it. */
async function readBack(type: "integer" | "text", array: Buffer): Promise<[unknown[], number]> {
  const { rows } = await client.query(
    `SELECT to_json($1::${type}[]) AS elements, cardinality($1::${type}[]) AS length`,
    [array],
  );
  return [rows[0].elements, rows[0].length];
}

const texts: Record<string, readonly string[]> = {
  none: [],
  "an empty one": [""],
  "one of each length in UTF-8": ["a", "é", "ｚ", "😀"],
  "some that text arrays escape": ["NULL", "null", "{}", '"', "\\", "a,b", " a ", "'"],
  "some that look alike": ["e\u0301", "\u00e9", "A", "a", "\ufeffa"],
  "the longest ids": ["😀".repeat(50), "ｚ".repeat(50), "\uffff".repeat(50)],
  "10,000": Array.from({ length: 10_000 }, (_, n) => `${n}-é😀`),
  "one of a million characters": ["ｚ".repeat(1_000_000)],
};

test.each(Object.entries(texts))("text: %s", async (_, values) => {
  expect(await readBack("text", textArray(values))).toEqual([values, values.length]);
});

const integers: Record<string, readonly number[]> = {
  none: [],
  zero: [0],
  "the least and the greatest": [-(2 ** 31), -1, 1, 2 ** 31 - 1],
  "10,000": Array.from({ length: 10_000 }, (_, n) => n * 200_003 - 2 ** 30),
};

test.each(Object.entries(integers))("integer: %s", async (_, values) => {
  expect(await readBack("integer", integerArray(values))).toEqual([values, values.length]);
});

test("any texts arrive as they are", async () => {
  // Text in Postgres contains no NUL, and neither do ids.
  const text = fc.string({ unit: "binary" }).filter((given) => !given.includes("\0"));
  await fc.assert(
    fc.asyncProperty(fc.array(text), async (values) => {
      expect(await readBack("text", textArray(values))).toEqual([values, values.length]);
    }),
  );
});

test.each([2 ** 31, -(2 ** 31) - 1])("%i is no integer of Postgres", (value) => {
  expect(() => integerArray([value])).toThrow(RangeError);
});
