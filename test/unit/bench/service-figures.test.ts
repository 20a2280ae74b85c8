import { expect, test } from "vitest";
import { longestDelayMs, parseLoopDelay } from "../../../bench/watch/loop-delay.ts";
import { parseCpuTicks, readCpuSeconds, readMemory } from "../../../bench/watch/process-usage.ts";

const stat = "123 (node) ) x) S 1 2 3 4 5 6 7 8 9 10 250 50 0 0 20 0 11 0 1234 5678 99";

test("CPU time of a process whose name has parentheses and blanks", () => {
  expect(parseCpuTicks(stat)).toBe(300);
});

test.runIf(process.platform === "linux")("CPU time and memory of this process", () => {
  const { rss } = process.memoryUsage();
  expect(readMemory(process.pid)).toBeGreaterThan(rss / 1e6 / 2);
  expect(readCpuSeconds(process.pid)).toBeGreaterThan(0);
});

function metrics(...counts: [number, number, number]): string {
  const [some, more, all] = counts;
  return [
    "# TYPE nodejs_eventloop_delay_seconds histogram",
    `nodejs_eventloop_delay_seconds_bucket{le="0.05"} ${some}`,
    `nodejs_eventloop_delay_seconds_bucket{le="0.1"} ${more}`,
    `nodejs_eventloop_delay_seconds_bucket{le="+Inf"} ${all}`,
    `nodejs_eventloop_delay_seconds_sum 1.5`,
  ].join("\n");
}

test.each<[name: string, after: [number, number, number], ms: number]>([
  ["within the first limit", [12, 13, 14], 50],
  ["within the second limit", [11, 13, 14], 100],
  ["longer than all limits", [11, 12, 14], Number.POSITIVE_INFINITY],
])("longest delay since an earlier reading: %s", (_, after, ms) => {
  const before = parseLoopDelay(metrics(10, 11, 12));
  expect(longestDelayMs(before, parseLoopDelay(metrics(...after)))).toBe(ms);
});
