import { beforeEach, expect, test } from "vitest";
import type { Backlog } from "../../../src/contact/backlog.ts";
import { createBacklog } from "../../../src/contact/backlog.ts";

let now: number;
let backlog: Backlog;
beforeEach(() => {
  now = 0;
  backlog = createBacklog({ maxDelayMs: 500, least: 10, now: () => now });
});

/** Does an amount of work each 100 ms, for a number of seconds. */
function work(appId: number, amount: number, seconds: number): void {
  for (let n = 0; n < seconds * 10; n++) {
    expect(backlog.add(appId, amount)).toBe(true);
    now += 100;
    backlog.remove(appId, amount, true);
  }
}

test("an app may always have a least amount pending", () => {
  expect(backlog.add(1, 6)).toBe(true);
  expect(backlog.rejects(1)).toBe(false);
  expect(backlog.add(1, 4)).toBe(true);
  expect(backlog.rejects(1)).toBe(true);
  expect(backlog.add(1, 1)).toBe(false);
});

test("work that was rejected is not pending", () => {
  backlog.add(1, 6);
  expect(backlog.add(1, 5)).toBe(false);
  expect(backlog.add(1, 4)).toBe(true);
});

test("an app without pending work may add any amount", () => {
  expect(backlog.add(1, 1_000)).toBe(true);
  expect(backlog.add(1, 1)).toBe(false);
});

test("work that has ended makes room", () => {
  backlog.add(1, 10);
  backlog.remove(1, 10, false);
  expect(backlog.rejects(1)).toBe(false);
  expect(backlog.add(1, 10)).toBe(true);
});

test("apps do not share a limit", () => {
  backlog.add(1, 10);
  expect(backlog.rejects(2)).toBe(false);
  expect(backlog.add(2, 10)).toBe(true);
});

test("the limit is what the app gets done in the longest delay", () => {
  work(1, 10, 3);
  // 100 in a second, so 50 in 500 ms.
  expect(backlog.add(1, 49)).toBe(true);
  expect(backlog.rejects(1)).toBe(false);
  expect(backlog.add(1, 1)).toBe(true);
  expect(backlog.rejects(1)).toBe(true);
  expect(backlog.add(1, 1)).toBe(false);
});

test("work that failed does not raise the limit", () => {
  for (let n = 0; n < 30; n++) {
    backlog.add(1, 10);
    now += 100;
    backlog.remove(1, 10, false);
  }
  backlog.add(1, 10);
  expect(backlog.add(1, 1)).toBe(false);
});

test("the limit falls when the app gets nothing done any more", () => {
  work(1, 10, 3);
  backlog.add(1, 50);
  now += 3_000;
  backlog.remove(1, 40, false);
  expect(backlog.rejects(1)).toBe(true);
});

test("the work of all apps, and the calls that were rejected, are counted", () => {
  backlog.add(1, 6);
  backlog.add(2, 10);
  expect(backlog).toMatchObject({ calls: 2, pending: 16, rejected: 0 });
  backlog.add(1, 5);
  backlog.rejects(1);
  backlog.rejects(2);
  backlog.remove(1, 6, true);
  expect(backlog).toMatchObject({ calls: 1, pending: 10, rejected: 2 });
});
