import { beforeEach, expect, onTestFinished, test, vi } from "vitest";
import {
  createWorkerWatch,
  patience,
  pingIntervalMs,
  startPatience,
  warningPatience,
} from "../../../src/workers/worker-watch.ts";
import type { FakeWorker } from "../support/fake-worker.ts";
import { createFakeWorker } from "../support/fake-worker.ts";

let events: string[] = [];

beforeEach(() => {
  events = [];
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
});

function watchOne() {
  const worker = createFakeWorker(1);
  const watch = createWorkerWatch({
    onResponsive: (_, isResponsive) => events.push(isResponsive ? "responds" : "does not respond"),
    onTimeout: () => events.push("timeout"),
  });
  watch.add(worker);
  return { worker, watch };
}

const pass = (intervals: number) => vi.advanceTimersByTime(intervals * pingIntervalMs);
const pings = ({ sent }: FakeWorker) => sent.filter(({ kind }) => kind === "ping").length;

test("a worker that answers is pinged again and again", () => {
  const { worker, watch } = watchOne();
  for (let n = 0; n < 100; n++) {
    watch.answered(worker);
    pass(1);
  }
  expect(pings(worker)).toBe(101);
  expect(events).toEqual([]);
});

test("a worker that stops answering is given up once", () => {
  const { worker, watch } = watchOne();
  watch.answered(worker);
  // The second ping is the one that it does not answer.
  pass(1 + warningPatience - 1);
  expect(events).toEqual([]);
  pass(1);
  expect(events).toEqual(["does not respond"]);
  pass(patience - warningPatience - 1);
  expect(events).toEqual(["does not respond"]);
  pass(1);
  expect(events).toEqual(["does not respond", "timeout"]);
  pass(100);
  expect(events).toEqual(["does not respond", "timeout"]);
  // It has one ping to answer, not a queue.
  expect(pings(worker)).toBe(2);
});

test("a worker that answers late responds again, and has its whole time again", () => {
  const { worker, watch } = watchOne();
  watch.answered(worker);
  for (let n = 0; n < 3; n++) {
    pass(patience);
    watch.answered(worker);
  }
  expect(events).toEqual(Array.from({ length: 3 }, () => ["does not respond", "responds"]).flat());
});

test("a worker that starts has more time", () => {
  pass(1);
  watchOne();
  pass(startPatience - 1);
  expect(events).toEqual([]);
  pass(1);
  expect(events).toEqual(["timeout"]);
});

test("a worker that has ended is not watched, and no timer is left", () => {
  const { worker, watch } = watchOne();
  watch.remove(worker);
  expect(vi.getTimerCount()).toBe(0);
  watch.answered(worker);
  pass(startPatience);
  expect(events).toEqual([]);
});
