import { expect, test } from "vitest";
import { RecentLeast } from "../../../src/contact/recent-least.ts";

test("the least value counts for one to two seconds", () => {
  let now = 0;
  const least = new RecentLeast(() => now);
  expect(least.value).toBe(0);
  for (const value of [7, 5, 9]) least.note(value);
  expect(least.value).toBe(5);
  now = 1_500;
  expect(least.value).toBe(5);
  least.note(8);
  now = 2_600;
  expect(least.value).toBe(8);
  now = 5_000;
  expect(least.value).toBe(0);
});
