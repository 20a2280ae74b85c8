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

test("a lone question is asked at once", async () => {
  const { id } = keys.add();
  const load = createLoader();
  expect(await load(id)).toBe(keys.records.get(id));
  expect(keys.lookUps).toEqual([[id]]);
});

test("an id that does not exist is undefined", async () => {
  expect(await createLoader()("nobody")).toBeUndefined();
});

test("everyone who waits for the same id shares one answer", async () => {
  const { id } = keys.add();
  const load = createLoader();
  const first = load("other");
  const waiting = Array.from({ length: 50 }, () => load(id));
  await vi.runAllTimersAsync();
  await first;
  expect(new Set(await Promise.all(waiting))).toEqual(new Set([keys.records.get(id)]));
  expect(keys.lookUps).toEqual([["other"], [id]]);
});

test("each gets the record of their own id", async () => {
  const ids = Array.from({ length: 100 }, () => keys.add().id);
  const load = createLoader();
  const answers = Promise.all([...ids, "nobody"].map(load));
  await vi.runAllTimersAsync();
  expect((await answers).map((record) => record?.id)).toEqual([...ids, undefined]);
});

test("look-ups are as far apart as asked, and one at a time", async () => {
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

test("a look-up slower than the interval is not overtaken", async () => {
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

test("more ids than fit into one query are asked for in several", async () => {
  const load = createLoader();
  const answers = Promise.all(Array.from({ length: 2_500 }, (_, n) => load(`id-${n}`)));
  await vi.runAllTimersAsync();
  await answers;
  expect(keys.lookUps.map((ids) => ids.length)).toEqual([1, 1_000, 1_000, 499]);
});

test("a failure reaches all who waited for that look-up, and no one else", async () => {
  const { id } = keys.add();
  const load = createLoader();
  keys.failure = new Error("away");
  const failed = [load(id), load("b"), load("c")].map((answer) => expect(answer).rejects);
  const refused = Promise.all(failed.map((answer) => answer.toThrow("away")));
  await vi.runAllTimersAsync();
  await refused;
  keys.failure = undefined;
  const again = load(id);
  await vi.runAllTimersAsync();
  expect(await again).toBe(keys.records.get(id));
});

test("an id asked for during its own look-up is looked up again, so that no answer is stale", async () => {
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
