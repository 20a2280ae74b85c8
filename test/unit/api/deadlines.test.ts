import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Call } from "../../../src/api/call.ts";
import type { CallLifecycle } from "../../../src/api/call-lifecycle.ts";
import { createCallLifecycle } from "../../../src/api/call-lifecycle.ts";

let lifecycle: CallLifecycle;
beforeEach(() => {
  vi.useFakeTimers();
  lifecycle = createCallLifecycle({ onEnd: () => {} });
});
afterEach(() => {
  vi.useRealTimers();
});

const begin = (timeoutMs?: number) =>
  lifecycle.begin({ method: "any", protocol: "grpc", timeoutMs });
const reasonOf = ({ cancellation }: Call) => cancellation.reason?.reason;

test("a call is cancelled when its deadline is exceeded, and not before", () => {
  const call = begin(100);
  vi.advanceTimersByTime(99);
  expect(reasonOf(call)).toBeUndefined();
  vi.advanceTimersByTime(1);
  expect(reasonOf(call)).toBe("DEADLINE_EXCEEDED");
});

test("each call has its own deadline, in whatever order the calls begin", () => {
  const timeouts = [300, 100, 200, 100, 400];
  const calls = timeouts.map((timeoutMs) => begin(timeoutMs));
  for (let now = 50; now < 500; now += 50) {
    vi.advanceTimersByTime(50);
    const expired = calls.map((call) => reasonOf(call) === "DEADLINE_EXCEEDED");
    expect(expired).toEqual(timeouts.map((timeoutMs) => timeoutMs <= now));
  }
});

test("a call that begins later, or after all others have expired, is cancelled too", () => {
  begin(100);
  vi.advanceTimersByTime(50);
  const later = begin(100);
  vi.advanceTimersByTime(100);
  expect(reasonOf(later)).toBe("DEADLINE_EXCEEDED");
  const next = begin(100);
  vi.advanceTimersByTime(100);
  expect(reasonOf(next)).toBe("DEADLINE_EXCEEDED");
});

test("calls may end while they are cancelled", () => {
  const calls = [begin(100), begin(100), begin(100)];
  for (const call of calls) call.cancellation.onAbort(() => lifecycle.end(call, true));
  vi.advanceTimersByTime(100);
  expect(calls.map(reasonOf)).toEqual(calls.map(() => "DEADLINE_EXCEEDED"));
});

test("a call that has ended is not cancelled", () => {
  const call = begin(100);
  lifecycle.end(call, true);
  vi.advanceTimersByTime(200);
  expect(call.cancellation.aborted).toBe(false);
});

test("a call without a deadline starts no timer", () => {
  begin();
  expect(vi.getTimerCount()).toBe(0);
});

test("many calls share one timer", () => {
  for (let n = 0; n < 100; n++) begin(1_000 + n);
  expect(vi.getTimerCount()).toBe(1);
});
