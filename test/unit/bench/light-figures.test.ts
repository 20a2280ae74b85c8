import { expect, test } from "vitest";
import type { LightCall } from "../../../bench/watch/light-figures.ts";
import { lightFigures, recoveryMs } from "../../../bench/watch/light-figures.ts";

/** A call every 10 ms from 1,000 ms on, with these durations. A negative one is a call that failed. */
function callsOf(...durations: number[]): LightCall[] {
  return durations.map((ms, n) => ({
    kind: "app",
    at: 1_000 + 10 * n,
    ms: Math.abs(ms),
    problem: ms < 0 ? "status 429" : undefined,
  }));
}

test("figures of the calls that started in a time", () => {
  const calls: LightCall[] = [
    ...callsOf(1, 2, -900, 3, 4_000),
    { kind: "livez", at: 1_000, ms: 7 },
    { kind: "livez", at: 1_010, ms: 8, problem: "no answer in time" },
  ];
  expect(lightFigures(calls, 1_000, 1_040)).toEqual({
    calls: 4,
    p50Ms: 3,
    p99Ms: 900,
    livezP99Ms: 8,
    errors: { "status 429": 1, "no answer in time": 1 },
    errorCount: 2,
  });
});

test.each<[name: string, calls: LightCall[], ms: number | undefined]>([
  ["five normal calls at once", callsOf(5, 5, 5, 5, 5), 0],
  ["after slow calls", callsOf(300, 60, 5, 5, 5, 5, 5), 20],
  ["after a failed call", callsOf(5, 5, -5, 5, 5, 5, 5, 5), 30],
  ["a slow call later does not count", callsOf(5, 5, 5, 5, 5, 900), 0],
  ["only four normal calls", callsOf(900, 5, 5, 5, 5), undefined],
  ["calls before the end do not count", callsOf(5, 5, 5, 5, 5).map(early), undefined],
  ["probes do not count", callsOf(5, 5, 5, 5, 5).map(toProbe), undefined],
])("time until calls are normal: %s", (_, calls, ms) => {
  expect(recoveryMs(calls.reverse(), 1_000, 50)).toBe(ms);
});

function early(call: LightCall): LightCall {
  return { ...call, at: call.at - 500 };
}

function toProbe(call: LightCall): LightCall {
  return { ...call, kind: "livez" };
}
