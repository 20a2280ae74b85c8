import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createKeyLoader } from "../../../src/access/key-loader.ts";
import type { FakeKeys } from "../support/fake-keys.ts";
import { createFakeKeys } from "../support/fake-keys.ts";

const minIntervalMs = 10;

let keys: FakeKeys;
beforeEach(() => {
  vi.useFakeTimers({ toFake: ["performance", "setTimeout", "clearTimeout"] });
  keys = createFakeKeys();
});
afterEach(() => {
  vi.useRealTimers();
});

function createLoader() {
  return createKeyLoader({ keys, minIntervalMs });
}

test("a single look-up starts at once", async () => {
  const { id } = keys.add();
  const load = createLoader();
  expect(await load(id)).toBe(keys.records.get(id));
  expect(keys.lookUps).toEqual([[id]]);
});

test("the result for an unknown id is undefined", async () => {
  expect(await createLoader()("nobody")).toBeUndefined();
});

test("concurrent calls for the same id share one look-up", async () => {
  const { id } = keys.add();
  const load = createLoader();
  const first = load("other");
  const results = Array.from({ length: 50 }, () => load(id));
  await vi.runAllTimersAsync();
  await first;
  expect(new Set(await Promise.all(results))).toEqual(new Set([keys.records.get(id)]));
  expect(keys.lookUps).toEqual([["other"], [id]]);
});

test("each call gets the record of its own id", async () => {
  const ids = Array.from({ length: 100 }, () => keys.add().id);
  const load = createLoader();
  const answers = Promise.all([...ids, "nobody"].map(load));
  await vi.runAllTimersAsync();
  expect((await answers).map((record) => record?.id)).toEqual([...ids, undefined]);
});

test("look-ups keep the minimum interval and never overlap", async () => {
  keys.delayMs = 3;
  const load = createLoader();
  const times: number[] = [];
  const findKeys = keys.findKeys;
  vi.spyOn(keys, "findKeys").mockImplementation((ids) => {
    times.push(performance.now());
    return findKeys(ids);
  });
  for (let n = 0; n < 200; n++) {
    void load(`id-${n}`);
    await vi.advanceTimersByTimeAsync(1);
  }
  await vi.runAllTimersAsync();
  expect(times.length).toBeGreaterThan(10);
  const gaps = times.slice(1).map((time, n) => time - (times[n] ?? 0));
  expect(Math.min(...gaps)).toBeGreaterThanOrEqual(minIntervalMs);
  expect(keys.mostAtOnce).toBe(1);
});

test("a look-up that takes longer than the interval delays the next one", async () => {
  keys.delayMs = 500;
  const load = createLoader();
  const answers = [load("a")];
  await vi.advanceTimersByTimeAsync(100);
  answers.push(load("b"));
  await vi.advanceTimersByTimeAsync(100);
  answers.push(load("a"));
  await vi.runAllTimersAsync();
  await Promise.all(answers);
  expect(keys.lookUps).toEqual([["a"], ["b", "a"]]);
  expect(keys.mostAtOnce).toBe(1);
});

test("ids that do not fit into one query are split over several", async () => {
  const load = createLoader();
  const answers = Promise.all(Array.from({ length: 2_500 }, (_, n) => load(`id-${n}`)));
  await vi.runAllTimersAsync();
  await answers;
  expect(keys.lookUps.map((ids) => ids.length)).toEqual([1, 1_000, 1_000, 499]);
});

test("a failed look-up fails only the calls that waited for it", async () => {
  const { id } = keys.add();
  const load = createLoader();
  keys.failure = new Error("unreachable");
  const failed = [load(id), load("b"), load("c")].map((answer) => expect(answer).rejects);
  const rejected = Promise.all(failed.map((answer) => answer.toThrow("unreachable")));
  await vi.runAllTimersAsync();
  await rejected;
  keys.failure = undefined;
  const again = load(id);
  await vi.runAllTimersAsync();
  expect(await again).toBe(keys.records.get(id));
});

test("a call during a look-up of the same id starts a new look-up, so its record is not stale", async () => {
  const { id } = keys.add();
  keys.delayMs = 50;
  const load = createLoader();
  const before = load(id);
  await vi.advanceTimersByTimeAsync(10);
  const revokedAt = new Date(0);
  keys.change(id, { revokedAt });
  const after = load(id);
  await vi.runAllTimersAsync();
  expect((await before)?.revokedAt).toBeNull();
  expect((await after)?.revokedAt).toBe(revokedAt);
});
