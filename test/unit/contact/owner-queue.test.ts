import { setImmediate as nextTick } from "node:timers/promises";
import { expect, test } from "vitest";
import { createOwnerQueue } from "../../../src/contact/owner-queue.ts";

/** A queue, and the functions that end its running tasks. */
function create(options: { maxInFlight: number }) {
  const queue = createOwnerQueue(options);
  const running = new Map<string, () => void>();
  return {
    enter(ownerId: string, name: string, { appId = 1, amount = 1 } = {}) {
      void queue.enter({ appId, ownerId, amount }).then((leave) => running.set(name, leave));
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

test("apps share by the amounts of their tasks", async () => {
  const { enter, leave, names } = create({ maxInFlight: 1 });
  for (const name of ["a1", "a2", "a3"]) enter(name, name, { amount: 10 });
  for (const name of ["b1", "b2"]) enter(name, name, { appId: 2, amount: 5 });
  const order: string[] = [];
  for (await nextTick(); names().length > 0; ) {
    const [name = ""] = names();
    order.push(name);
    await leave(name);
  }
  expect(order).toEqual(["a1", "b1", "b2", "a2", "a3"]);
});
