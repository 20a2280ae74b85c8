import fc from "fast-check";
import { expect, test } from "vitest";
import { FairQueue } from "../../../src/contact/fair-queue.ts";

interface Work {
  readonly appId: number;
  readonly amount: number;
  readonly name: string;
}

/** Work such as `a2`: of app `a`, with the amount 2. */
function workOf(name: string): Work {
  return { appId: name.charCodeAt(0), amount: Number(name.slice(1)), name };
}

function queueOf(...names: readonly string[]): FairQueue<Work> {
  const queue = new FairQueue<Work>();
  for (const name of names) queue.push(workOf(name));
  return queue;
}

function take(queue: FairQueue<Work>, count = Infinity): string[] {
  const names: string[] = [];
  for (let work = queue.peek(); names.length < count && work !== undefined; work = queue.peek()) {
    expect(queue.shift()).toBe(work);
    names.push(work.name);
  }
  return names;
}

test("the work of a single app is in the order of its arrival", () => {
  expect(take(queueOf("a3", "a1", "a2"))).toEqual(["a3", "a1", "a2"]);
});

test("an app with little work does not wait for one with much", () => {
  expect(take(queueOf("a2", "a2", "a2", "b2", "b2"))).toEqual(["a2", "b2", "a2", "b2", "a2"]);
});

test("apps share by amounts, not by the number of their works", () => {
  expect(take(queueOf("a4", "a4", "b1", "b1", "b1", "b1", "b1"))).toEqual([
    ...["a4", "b1", "b1", "b1", "b1"],
    ...["a4", "b1"],
  ]);
});

test("an app that got much comes after one that arrives later", () => {
  const queue = queueOf("a100", "a100");
  expect(take(queue, 1)).toEqual(["a100"]);
  for (const name of ["b1", "b1", "b1"]) queue.push(workOf(name));
  expect(take(queue)).toEqual(["b1", "b1", "b1", "a100"]);
});

test("an app does not save up shares while it has no work", () => {
  const queue = queueOf("a10", "a10", "a10", "a10");
  take(queue, 3);
  for (const name of ["b10", "b10"]) queue.push(workOf(name));
  expect(take(queue)).toEqual(["b10", "a10", "b10"]);
});

test("the work of each app keeps its order, and all of it is taken, however it arrives", () => {
  const works = fc.array(
    fc.record({ appId: fc.integer({ min: 1, max: 4 }), amount: fc.integer({ min: 1, max: 9 }) }),
    { maxLength: 5_000 },
  );
  fc.assert(
    fc.property(works, fc.infiniteStream(fc.boolean()), (given, takes) => {
      const queue = new FairQueue<Work>();
      const taken: Work[] = [];
      const shift = () => {
        const work = queue.shift();
        if (work !== undefined) taken.push(work);
        return work;
      };
      const all = given.map((work, n) => ({ ...work, name: `${n}` }));
      for (const work of all) {
        queue.push(work);
        if (takes.next().value) shift();
      }
      while (shift() !== undefined);
      const ofApp = (from: readonly Work[], app: number) =>
        from.filter(({ appId }) => appId === app);
      for (const app of [1, 2, 3, 4]) expect(ofApp(taken, app)).toEqual(ofApp(all, app));
    }),
    { numRuns: 30 },
  );
});

test("work of thousands of apps that come and go is taken", () => {
  const queue = new FairQueue<Work>();
  for (let appId = 0; appId < 5_000; appId++) {
    queue.push({ appId, amount: 1, name: `${appId}` });
    expect(take(queue)).toEqual([`${appId}`]);
  }
});
