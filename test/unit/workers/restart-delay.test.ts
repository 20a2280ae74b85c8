import { expect, test } from "vitest";
import { restartDelayMs } from "../../../src/workers/restart-delay.ts";

test("a worker that was ready for a while is replaced at once", () => {
  expect(restartDelayMs(10_000, 7)).toEqual({ ms: 0, failures: 0 });
});

test("each failure doubles the delay, up to 30 s", () => {
  const delays: number[] = [];
  let failures = 0;
  for (let n = 0; n < 11; n++) {
    const delay = restartDelayMs(9_999, failures);
    failures = delay.failures;
    delays.push(delay.ms);
  }
  expect(delays).toEqual([
    ...[100, 200, 400, 800, 1_600, 3_200, 6_400, 12_800, 25_600],
    ...[30_000, 30_000],
  ]);
});
