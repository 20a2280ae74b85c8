import { setImmediate as nextTick } from "node:timers/promises";
import { expect, test } from "vitest";
import { createSemaphore } from "../../../src/storage/semaphore.ts";

/** Acquires a permit, and then records the name. */
function enter(semaphore: ReturnType<typeof createSemaphore>, name: string, inside: string[]) {
  void semaphore.acquire().then(() => inside.push(name));
}

test("as many tasks as there are permits run at once, the others in the order of arrival", async () => {
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

test("a permit that is returned while no task waits is free for the next", async () => {
  const semaphore = createSemaphore(1);
  await semaphore.acquire();
  semaphore.release();
  const inside: string[] = [];
  for (const name of ["a", "b"]) enter(semaphore, name, inside);
  await nextTick();
  expect(inside).toEqual(["a"]);
});

test("a permit that goes to a waiting task is not free for one that arrives at the same time", async () => {
  const semaphore = createSemaphore(1);
  const inside: string[] = [];
  await semaphore.acquire();
  enter(semaphore, "waits", inside);
  semaphore.release();
  enter(semaphore, "comes later", inside);
  await nextTick();
  expect(inside).toEqual(["waits"]);
});
