import { expect, test } from "vitest";
import { createTurns } from "../../../src/contact/turns.ts";

function commit(turns: ReturnType<typeof createTurns>, times: number): void {
  for (let n = 0; n < times; n++) turns.noteCommit();
}

/** Commits until transactions take no more turns. Returns the number of commits. */
function turnsLeft(turns: ReturnType<typeof createTurns>): number {
  let count = 0;
  for (; turns.areTaken; count++) turns.noteCommit();
  return count;
}

test("without a conflict no transaction takes a turn", () => {
  const turns = createTurns();
  commit(turns, 1_000);
  expect(turns.areTaken).toBe(false);
});

test("ten transactions take turns after a conflict", () => {
  const turns = createTurns();
  turns.noteConflict();
  expect(turnsLeft(turns)).toBe(10);
});

test("conflicts that follow each other double the turns, up to a limit", () => {
  const turns = createTurns();
  const lengths = Array.from({ length: 8 }, () => {
    turns.noteConflict();
    return turnsLeft(turns);
  });
  expect(lengths).toEqual([10, 20, 40, 80, 160, 320, 320, 320]);
});

test("a conflict during the turns begins them again", () => {
  const turns = createTurns();
  turns.noteConflict();
  commit(turns, 7);
  turns.noteConflict();
  expect(turnsLeft(turns)).toBe(10);
});

test("after a calm time the turns are few again", () => {
  const turns = createTurns();
  for (let n = 0; n < 5; n++) {
    turns.noteConflict();
    turnsLeft(turns);
  }
  commit(turns, 49);
  turns.noteConflict();
  expect(turnsLeft(turns)).toBe(320);
  commit(turns, 50);
  turns.noteConflict();
  expect(turnsLeft(turns)).toBe(10);
});
