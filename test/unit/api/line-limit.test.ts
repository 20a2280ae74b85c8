import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createLineLimit } from "../../../src/api/line-limit.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function limitOf(maxLinesPerSecond: number) {
  const suppressed: [string, number][] = [];
  const onSuppressed = (kind: string, lines: number) => suppressed.push([kind, lines]);
  return { suppressed, mayLog: createLineLimit({ maxLinesPerSecond, onSuppressed }) };
}

test("the first lines of each kind in a second are allowed, and the others are counted", () => {
  const { mayLog, suppressed } = limitOf(2);
  const kinds = ["a", "a", "a", "b", "a", "b", "b"];
  expect(kinds.map(mayLog)).toEqual([true, true, false, true, false, true, false]);
  vi.advanceTimersByTime(999);
  expect(suppressed).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(suppressed).toEqual([
    ["a", 2],
    ["b", 1],
  ]);
});

test("the next second begins anew, and reports each line once", () => {
  const { mayLog, suppressed } = limitOf(1);
  for (let second = 0; second < 3; second += 1) {
    expect([mayLog("a"), mayLog("a")]).toEqual([true, false]);
    vi.advanceTimersByTime(1_000);
  }
  vi.advanceTimersByTime(5_000);
  expect(suppressed).toEqual([
    ["a", 1],
    ["a", 1],
    ["a", 1],
  ]);
});

test("without suppressed lines nothing is reported", () => {
  const { mayLog, suppressed } = limitOf(1);
  mayLog("a");
  vi.advanceTimersByTime(5_000);
  mayLog("a");
  expect(suppressed).toEqual([]);
  expect(vi.getTimerCount()).toBe(0);
});
