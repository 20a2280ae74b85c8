import { expect, test, vi } from "vitest";
import {
  add,
  allBegun,
  createManualRunner,
  createTestGroupCommit,
  signal,
} from "../support/group-commit.ts";

test("requests that conflict are retried with later requests, and take turns", async () => {
  const { runs, runBatch } = createManualRunner();
  const store = createTestGroupCommit(runBatch);
  const sync = (owner: string) => store.sync(1, add(owner), { signal });
  const results = ["a", "b"].map(sync);
  await allBegun();
  results.push(sync("c"));
  await allBegun();
  expect(runs.map(({ owners, takesTurn }) => [owners, takesTurn])).toEqual([
    [["a", "b"], false],
    [["c"], false],
  ]);
  runs[1]?.end();
  await results[2];
  runs[0]?.conflict();
  results.push(sync("d"));
  await allBegun();
  expect(runs[2]).toMatchObject({ owners: ["a", "b", "d"], takesTurn: true });
  // While it takes its turn, no other transaction of this process begins.
  results.push(...["e", "f", "g"].map(sync));
  await allBegun();
  expect(runs).toHaveLength(3);
  runs[2]?.end();
  await allBegun();
  expect(runs[3]).toMatchObject({ owners: ["e", "f", "g"], takesTurn: true });
  runs[3]?.end();
  expect(await Promise.all(results)).toEqual(results.map(() => ({ inserted: 1, deleted: 0 })));
});

test("transactions take no turns when there has been no conflict for a while", async () => {
  const { runs, runBatch } = createManualRunner();
  const store = createTestGroupCommit(runBatch);
  const turns: (boolean | undefined)[] = [];
  for (let n = 0; n < 12; n++) {
    const result = store.sync(1, add(`o${n}`), { signal });
    await allBegun();
    if (n === 0) {
      runs[0]?.conflict();
      await allBegun();
    }
    turns.push(runs.at(-1)?.takesTurn);
    runs.at(-1)?.end();
    await result;
  }
  expect(turns).toEqual([...Array(10).fill(true), false, false]);
});

test("a request that conflicts many times runs alone", async () => {
  const { runs, runBatch } = createManualRunner();
  const store = createTestGroupCommit(runBatch);
  const results = ["a", "b"].map((owner) => store.sync(1, add(owner), { signal }));
  for (let conflicts = 0; conflicts < 6; conflicts++) {
    await vi.waitFor(() => expect(runs).toHaveLength(conflicts + 1));
    expect(runs.at(-1)?.owners).toEqual(["a", "b"]);
    runs.at(-1)?.conflict();
  }
  await vi.waitFor(() => expect(runs).toHaveLength(7));
  expect(runs[6]?.owners).toEqual(["a"]);
  runs[6]?.end();
  await vi.waitFor(() => expect(runs).toHaveLength(8));
  expect(runs[7]?.owners).toEqual(["b"]);
  runs[7]?.end();
  await Promise.all(results);
});

test("a request whose deadline is exceeded after a conflict is not retried", async () => {
  const { runs, runBatch } = createManualRunner();
  const store = createTestGroupCommit(runBatch);
  const late = store.sync(1, add("a"), { signal, timeLeftMs: () => 0 });
  const result = expect(late).rejects.toMatchObject({ reason: "DEADLINE_EXCEEDED" });
  await allBegun();
  runs[0]?.conflict();
  await result;
  expect(runs).toHaveLength(1);
});
