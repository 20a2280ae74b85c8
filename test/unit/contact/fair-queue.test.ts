import { expect, test } from "vitest";
import { createFairQueue } from "../../../src/contact/fair-queue.ts";

const { signal } = new AbortController();

function allBegun(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Tasks that end when the test says so. */
function createTasks(limits: { maxInFlight: number; maxPending: number }) {
  const queue = createFairQueue(limits);
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
  const { run, begun, end } = createTasks({ maxInFlight: 1, maxPending: 10 });
  for (const name of ["a1", "a2", "a3"]) void run(1, name);
  for (const name of ["b1", "b2"]) void run(2, name);
  for (const name of ["a1", "a2", "b1", "a3", "b2"]) {
    await end(name);
  }
  expect(begun).toEqual(["a1", "a2", "b1", "a3", "b2"]);
});

test("no more than the limit run at once", async () => {
  const { run, begun, end } = createTasks({ maxInFlight: 2, maxPending: 10 });
  for (const name of ["a", "b", "c"]) void run(1, name);
  await end("");
  expect(begun).toEqual(["a", "b"]);
  await end("a");
  expect(begun).toEqual(["a", "b", "c"]);
});

test("an app with too many pending tasks is rejected, and another one is not", async () => {
  const { run } = createTasks({ maxInFlight: 1, maxPending: 1 });
  void run(1, "runs");
  void run(1, "waits");
  await expect(run(1, "rejected")).rejects.toMatchObject({ reason: "OVERLOADED" });
  void run(2, "waits too");
});

test("a task whose caller has left never begins, and lets the next one begin", async () => {
  const { run, begun, end } = createTasks({ maxInFlight: 1, maxPending: 10 });
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
  const queue = createFairQueue({ maxInFlight: 1, maxPending: 10 });
  await expect(queue.run(1, signal, () => Promise.reject(new Error("bad")))).rejects.toThrow("bad");
  expect(await queue.run(1, signal, () => Promise.resolve("next"))).toBe("next");
});
