import fc from "fast-check";

/** Text around the limits of an id, and text that software often handles wrongly. */
export const nastyTexts = [
  "",
  " ",
  "a",
  "A",
  "x".repeat(49),
  "x".repeat(50),
  "x".repeat(51),
  "😀".repeat(25),
  "😀".repeat(49),
  "😀".repeat(50),
  "😀".repeat(51),
  `${"x".repeat(49)}😀`,
  `${"x".repeat(50)}😀`,
  "e\u0301".repeat(25),
  "e\u0301".repeat(26),
  "\0",
  "a\0b",
  `${"x".repeat(50)}\0`,
  "\u0001\u001f\u007f",
  "\ufeff",
  "\uffff",
  "\u{10ffff}",
  "\u202eabc",
  "null",
  "__proto__",
];

export const nastyText = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...nastyTexts) },
  fc.string({ unit: "binary", maxLength: 5 }),
  fc.string({ unit: "binary", minLength: 48, maxLength: 52 }),
  fc.string({ unit: "grapheme", minLength: 45, maxLength: 52 }),
);

/** As nastyText, but always a valid id. */
export const goodId = nastyText.filter(
  (text) => text !== "" && [...text].length <= 50 && !text.includes("\0"),
);
