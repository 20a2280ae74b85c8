import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createStatusFeed } from "../../../src/api/status-feed.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function feedOf() {
  const polled = { status: "up", times: 0 };
  const feed = createStatusFeed({
    async poll() {
      polled.times += 1;
      return polled.status;
    },
    intervalMs: 1_000,
  });
  return { polled, feed };
}

test("one poll serves all who watch", async () => {
  const { polled, feed } = feedOf();
  const changes = [0, 0, 0];
  const ends = changes.map((_, n) => feed.watch(() => (changes[n] = (changes[n] ?? 0) + 1)));
  await vi.advanceTimersByTimeAsync(3_000);
  expect(polled.times).toBe(4);
  expect(changes).toEqual([0, 0, 0]);
  polled.status = "down";
  ends[0]?.();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(changes).toEqual([0, 1, 1]);
  expect(await feed.now()).toBe("down");
});

test("nothing is polled after the last one has left", async () => {
  const { polled, feed } = feedOf();
  const ends = [feed.watch(() => {}), feed.watch(() => {})];
  for (const end of ends) end();
  await vi.advanceTimersByTimeAsync(5_000);
  expect(polled.times).toBe(1);
  expect(vi.getTimerCount()).toBe(0);
  polled.status = "down";
  expect(await feed.now()).toBe("down");
});
