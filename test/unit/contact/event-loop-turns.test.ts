import { expect, test } from "vitest";
import { createEventLoopTurns } from "../../../src/contact/event-loop-turns.ts";

test("each caller continues in a turn of its own, and the first ones before the others", async () => {
  const nextTurn = createEventLoopTurns();
  let turn = 0;
  let isCounting = true;
  const count = () => {
    turn += 1;
    if (isCounting) setImmediate(count);
  };
  setImmediate(count);
  const continued: (readonly [name: string, turn: number])[] = [];
  const wait = async (name: string, isFirst: boolean) => {
    await nextTurn({ isFirst });
    continued.push([name, turn]);
  };
  await Promise.all([wait("a", false), wait("b", false), wait("urgent", true)]);
  isCounting = false;
  expect(continued.map(([name]) => name)).toEqual(["urgent", "a", "b"]);
  expect(new Set(continued.map(([, inTurn]) => inTurn)).size).toBe(3);
});
