import { expect, test } from "vitest";
import { createFairTasks } from "../../../src/contact/fair-tasks.ts";

const { signal } = new AbortController();

function allBegun(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Tasks that end when the test says so. */
function createTasks(limits: { maxInFlight: number }) {
  const queue = createFairTasks(limits);
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  function run(appId: number, name: string, taskSignal: AbortSignal = signal) {
    return queue.run(appId, taskSignal, () => {
      begun.push(name);
      return new Promise<string>((resolve) => ends.set(name, () => resolve(name)));
    });
  }
  /** Ends a task, and waits until the next one has begun. */
  async function end(name: string) {
    await allBegun();
    ends.get(name)?.();
    await allBegun();
  }
  return { run, begun, end };
}

test("apps take turns", async () => {
  const { run, begun, end } = createTasks({ maxInFlight: 1 });
  for (const name of ["a1", "a2", "a3"]) void run(1, name);
  for (const name of ["b1", "b2"]) void run(2, name);
  for (const name of ["a1", "b1", "a2", "b2", "a3"]) {
    await end(name);
  }
  expect(begun).toEqual(["a1", "b1", "a2", "b2", "a3"]);
});

test("no more than the limit run at once", async () => {
  const { run, begun, end } = createTasks({ maxInFlight: 2 });
  for (const name of ["a", "b", "c"]) void run(1, name);
  await end("");
  expect(begun).toEqual(["a", "b"]);
  await end("a");
  expect(begun).toEqual(["a", "b", "c"]);
});

test("a task whose caller has left never begins, and lets the next one begin", async () => {
  const { run, begun, end } = createTasks({ maxInFlight: 1 });
  const caller = new AbortController();
  void run(1, "first");
  const left = run(1, "left", caller.signal);
  void run(1, "last");
  caller.abort(new Error("left"));
  const rejected = expect(left).rejects.toThrow("left");
  await end("first");
  await rejected;
  expect(begun).toEqual(["first", "last"]);
});

test("a task that fails lets the next one begin", async () => {
  const queue = createFairTasks({ maxInFlight: 1 });
  await expect(queue.run(1, signal, () => Promise.reject(new Error("bad")))).rejects.toThrow("bad");
  expect(await queue.run(1, signal, () => Promise.resolve("next"))).toBe("next");
});
