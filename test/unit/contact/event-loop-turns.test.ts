import { expect, test } from "vitest";
import { createEventLoopTurns } from "../../../src/contact/event-loop-turns.ts";

test("each caller continues in a turn of its own, and urgent ones before the others", async () => {
  const nextTurn = createEventLoopTurns();
  let turn = 0;
  let isCounting = true;
  const count = () => {
    turn += 1;
    if (isCounting) setImmediate(count);
  };
  setImmediate(count);
  const continued: (readonly [name: string, turn: number])[] = [];
  const wait = async (name: string, isUrgent: boolean) => {
    await nextTurn({ isUrgent });
    continued.push([name, turn]);
  };
  await Promise.all([wait("a", false), wait("b", false), wait("urgent", true)]);
  isCounting = false;
  expect(continued.map(([name]) => name)).toEqual(["urgent", "a", "b"]);
  expect(new Set(continued.map(([, inTurn]) => inTurn)).size).toBe(3);
});

test("after a turn there is a pause that is as long, but not for urgent callers", async () => {
  const nextTurn = createEventLoopTurns();
  const block = (milliseconds: number) => {
    const until = performance.now() + milliseconds;
    while (performance.now() < until);
  };
  await nextTurn();
  block(50);
  const endedAt = performance.now();
  const waits = nextTurn().then(() => performance.now() - endedAt);
  const urgent = nextTurn({ isUrgent: true }).then(() => performance.now() - endedAt);
  expect(await urgent).toBeLessThan(await waits);
  expect(await waits).toBeGreaterThanOrEqual(50);
});
