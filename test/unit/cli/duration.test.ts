import { expect, test } from "vitest";
import { parseDuration } from "../../../src/cli/duration.ts";

const good: [text: string, milliseconds: number][] = [
  ["1s", 1_000],
  ["45s", 45_000],
  ["30m", 1_800_000],
  ["12h", 43_200_000],
  ["90d", 7_776_000_000],
  ["36525d", 3_155_760_000_000],
];

test.each(good)("%s is %i ms", (text, milliseconds) => {
  expect(parseDuration(text)).toBe(milliseconds);
});

const bad = [
  "",
  "d",
  "0d",
  "01d",
  "-1d",
  "1.5h",
  "1",
  "1w",
  "1D",
  "1 d",
  " 1d",
  "1d ",
  "1d1h",
  "36526d",
  "99999999999s",
];

test.each(bad)("%j is not a duration", (text) => {
  expect(parseDuration(text)).toBeUndefined();
});
