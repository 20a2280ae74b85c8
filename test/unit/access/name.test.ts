import { expect, test } from "vitest";
import { parseName } from "../../../src/access/name.ts";

const good: [text: string, name: string][] = [
  ["shop", "shop"],
  [" my shop\t\r\n", "my shop"],
  ["\u00a0shop\ufeff", "shop"],
  ["Ärger 5 – ключ (日本) ñ", "Ärger 5 – ключ (日本) ñ"],
  ["e\u0301", "e\u0301"],
  ["x".repeat(50), "x".repeat(50)],
  ["🛒".repeat(50), "🛒".repeat(50)],
];

test.each(good)("%j becomes the name %j", (text, name) => {
  expect(parseName(text)).toBe(name);
});

const bad: [name: string, text: string][] = [
  ["no characters", ""],
  ["blanks", "  \t "],
  ["a line break", "a\nb"],
  ["a tab", "a\tb"],
  ["a NUL", "a\0b"],
  ["an escape sequence", "\u001b[31mred"],
  ["a zero-width space", "a\u200bb"],
  ["a right-to-left override", "a\u202eb"],
  ["a no-break space", "a\u00a0b"],
  ["a line separator", "a\u2028b"],
  ["a Hangul filler", "\u3164"],
  ["a Braille blank", "\u2800"],
  ["a lone surrogate", "a\ud800"],
  ["a code point for private use", "\ue000"],
  ["51 characters", "x".repeat(51)],
  ["51 emoji", "🛒".repeat(51)],
];

test.each(bad)("a name with %s is rejected", (_, text) => {
  expect(parseName(text)).toBeUndefined();
});
