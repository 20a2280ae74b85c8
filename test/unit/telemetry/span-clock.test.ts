import { afterEach, expect, test, vi } from "vitest";
import { spanTime } from "../../../src/telemetry/tracing/clock.ts";

afterEach(() => {
  vi.useRealTimers();
});

/** In milliseconds from 1970. */
function millisecondsOf([seconds, nanoseconds]: [number, number]): number {
  return seconds * 1_000 + nanoseconds / 1_000_000;
}

/** Checks that the time of a span that is made now is that of the system. */
function expectSystemTime(): void {
  const before = Date.now();
  const time = millisecondsOf(spanTime(performance.now()));
  expect(time).toBeGreaterThan(before - 100);
  expect(time).toBeLessThan(Date.now() + 100);
}

test("a time is that of the system", () => {
  expectSystemTime();
});

test("the nanoseconds are less than a second", () => {
  for (let n = 0; n < 1_000; n++) expect(spanTime(n * 7.77)[1]).toBeLessThanOrEqual(999_999_999);
});

test("times follow the clock of the system when it is set", () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  vi.setSystemTime(Date.now() + 3_600_000);
  expectSystemTime();
});
