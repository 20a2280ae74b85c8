import { setImmediate as nextTick } from "node:timers/promises";
import { expect, test } from "vitest";
import { createOwnerQueue } from "../../../src/contact/owner-queue.ts";

/** A queue, and the functions that end its running tasks. */
function create(options: { maxInFlight: number; maxPending?: number }) {
  const queue = createOwnerQueue({ maxPending: 100, ...options });
  const running = new Map<string, () => void>();
  return {
    queue,
    running,
    enter(owner: string, name: string) {
      void queue.enter(owner, 1).then((leave) => running.set(name, leave));
    },
    async leave(name: string) {
      running.get(name)?.();
      running.delete(name);
      await nextTick();
    },
    names: () => [...running.keys()],
  };
}

test("at most maxInFlight tasks run at once, and the others in the order of their arrival", async () => {
  const { enter, leave, names } = create({ maxInFlight: 2 });
  for (const name of ["a", "b", "c", "d"]) enter(name, name);
  await nextTick();
  expect(names()).toEqual(["a", "b"]);
  await leave("a");
  expect(names()).toEqual(["b", "c"]);
  await leave("c");
  expect(names()).toEqual(["b", "d"]);
});

test("tasks of one owner run one after another, and do not delay other owners", async () => {
  const { enter, leave, names } = create({ maxInFlight: 2 });
  for (const name of ["a1", "a2", "a3", "b1"]) enter(name.slice(0, 1), name);
  await nextTick();
  expect(names()).toEqual(["a1", "b1"]);
  await leave("b1");
  expect(names()).toEqual(["a1"]);
  await leave("a1");
  expect(names()).toEqual(["a2"]);
  await leave("a2");
  expect(names()).toEqual(["a3"]);
});

test("tasks beyond the limit are rejected, until the queue is shorter", async () => {
  const { queue, enter, leave } = create({ maxInFlight: 1, maxPending: 10 });
  enter("a", "runs");
  void queue.enter("a", 9);
  await nextTick();
  await expect(queue.enter("b", 2)).rejects.toMatchObject({ reason: "OVERLOADED" });
  const fits = queue.enter("b", 1);
  await leave("runs");
  void queue.enter("b", 9);
  await expect(queue.enter("c", 2)).rejects.toMatchObject({ reason: "OVERLOADED" });
  void fits;
});

test("a single task may be heavier than the limit", async () => {
  const { queue } = create({ maxInFlight: 1, maxPending: 10 });
  await queue.enter("a", 1);
  void queue.enter("b", 1_000);
  await expect(queue.enter("c", 1)).rejects.toMatchObject({ reason: "OVERLOADED" });
});
