import { setImmediate as nextTick } from "node:timers/promises";
import { expect, test } from "vitest";
import { createSemaphore } from "../../../src/contact/semaphore.ts";

/** Asks for a place, and notes the name when it is given. */
function enter(semaphore: ReturnType<typeof createSemaphore>, name: string, inside: string[]) {
  void semaphore.acquire().then(() => inside.push(name));
}

test("as many as there are places come in at once, the others in the order they came", async () => {
  const semaphore = createSemaphore(2);
  const inside: string[] = [];
  for (const name of ["a", "b", "c", "d"]) enter(semaphore, name, inside);
  await nextTick();
  expect(inside).toEqual(["a", "b"]);
  semaphore.release();
  await nextTick();
  expect(inside).toEqual(["a", "b", "c"]);
  semaphore.release();
  await nextTick();
  expect(inside).toEqual(["a", "b", "c", "d"]);
});

test("a place that is given back with nobody waiting is free for the next", async () => {
  const semaphore = createSemaphore(1);
  await semaphore.acquire();
  semaphore.release();
  const inside: string[] = [];
  for (const name of ["a", "b"]) enter(semaphore, name, inside);
  await nextTick();
  expect(inside).toEqual(["a"]);
});

test("a place that is handed on is not free for one who comes at the same time", async () => {
  const semaphore = createSemaphore(1);
  const inside: string[] = [];
  await semaphore.acquire();
  enter(semaphore, "waits", inside);
  semaphore.release();
  enter(semaphore, "comes later", inside);
  await nextTick();
  expect(inside).toEqual(["waits"]);
});
