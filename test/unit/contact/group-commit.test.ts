import * as fc from "fast-check";
import { expect, test, vi } from "vitest";
import { fault } from "../../../src/errors.ts";
import { anyRequest, anyRows, applyBatch, syncModel } from "../../support/sync-model.ts";
import {
  add,
  allBegun,
  createManualRunner,
  createTestGroupCommit,
  signal,
} from "../support/group-commit.ts";

test("with any schedule and any failures, results and rows are those of the order of arrival", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(anyRequest, { maxLength: 16 }),
      anyRows,
      fc.scheduler(),
      fc.infiniteStream(fc.constantFrom("ends", "ends", "ends", "conflicts", "waits")),
      async (requests, initial, scheduler, outcomes) => {
        const modelRows = new Set(initial);
        const expected = requests.map((request) => syncModel(modelRows, request));
        const rows = new Set(initial);
        const store = createTestGroupCommit(async (batch, { waitsForLocks }) => {
          await scheduler.schedule(Promise.resolve());
          const outcome = outcomes.next().value;
          if (outcome === "conflicts") return undefined;
          if (!waitsForLocks && outcome === "waits") throw fault("DEADLINE_EXCEEDED");
          return applyBatch(rows, batch);
        });
        const results = Promise.all(
          requests.map(({ appId, entries, ...wish }) =>
            store.sync(appId, entries, { signal, ...wish }),
          ),
        );
        await scheduler.waitFor(results);
        expect(await results).toEqual(expected);
        expect(rows).toEqual(modelRows);
      },
    ),
    { numRuns: 500 },
  );
});

test("a single request begins immediately, and later requests are joined", async () => {
  const { runs, runBatch } = createManualRunner();
  const store = createTestGroupCommit(runBatch, { maxInFlight: 1 });
  const first = store.sync(1, add("a"), { signal });
  await allBegun();
  expect(runs.map(({ owners }) => owners)).toEqual([["a"]]);
  const results = [first, ...["b", "c"].map((owner) => store.sync(1, add(owner), { signal }))];
  runs[0]?.end();
  await results[0];
  await allBegun();
  expect(runs.map(({ owners }) => owners)).toEqual([["a"], ["b", "c"]]);
  runs[1]?.end();
  expect(await Promise.all(results)).toEqual(results.map(() => ({ inserted: 1, deleted: 0 })));
});

test("a second transaction begins when half as many requests are pending as are in flight", async () => {
  const { runs, runBatch } = createManualRunner();
  const store = createTestGroupCommit(runBatch);
  const results = ["a", "b", "c"].map((owner) => store.sync(1, add(owner), { signal }));
  await allBegun();
  results.push(store.sync(1, add("d"), { signal }));
  await allBegun();
  expect(runs.map(({ owners }) => owners)).toEqual([["a", "b", "c"]]);
  results.push(store.sync(1, add("e"), { signal }));
  await allBegun();
  expect(runs.map(({ owners }) => owners)).toEqual([
    ["a", "b", "c"],
    ["d", "e"],
  ]);
  for (const { end } of runs) end();
  await Promise.all(results);
});

test("requests wait for others for at most lingerMs", async () => {
  const { runs, runBatch } = createManualRunner();
  const store = createTestGroupCommit(runBatch, { lingerMs: 1 });
  const results = ["a", "b", "c"].map((owner) => store.sync(1, add(owner), { signal }));
  await allBegun();
  results.push(store.sync(1, add("d"), { signal }));
  await vi.waitFor(() => expect(runs).toHaveLength(2));
  expect(runs[1]?.owners).toEqual(["d"]);
  for (const { end } of runs) end();
  await Promise.all(results);
});

test("a pending request whose caller disconnects never runs", async () => {
  const { runs, runBatch } = createManualRunner();
  const store = createTestGroupCommit(runBatch, { maxInFlight: 1 });
  const left = new AbortController();
  const first = store.sync(1, add("first"), { signal });
  await allBegun();
  const gone = store.sync(1, add("gone"), { signal: left.signal });
  const last = store.sync(1, add("last"), { signal });
  const reason = new Error("left");
  left.abort(reason);
  runs[0]?.end();
  await expect(gone).rejects.toBe(reason);
  await allBegun();
  runs[1]?.end();
  await Promise.all([first, last]);
  expect(runs.map(({ owners }) => owners)).toEqual([["first"], ["last"]]);
});

test("a sync whose deadline is nearer than any recent transaction took is rejected, and never runs", async () => {
  vi.useFakeTimers({ toFake: ["performance"] });
  try {
    const { runs, runBatch } = createManualRunner();
    const store = createTestGroupCommit(runBatch, { maxInFlight: 1 });
    const first = store.sync(1, add("a"), { signal });
    await allBegun();
    vi.advanceTimersByTime(100);
    runs[0]?.end();
    await first;
    const late = store.sync(1, add("b"), { signal, timeLeftMs: () => 99 });
    const inTime = store.sync(1, add("c"), { signal, timeLeftMs: () => 101 });
    await expect(late).rejects.toMatchObject({ reason: "DEADLINE_EXCEEDED" });
    await allBegun();
    expect(runs.map(({ owners }) => owners)).toEqual([["a"], ["c"]]);
    runs[1]?.end();
    await inTime;
  } finally {
    vi.useRealTimers();
  }
});

test("large syncs are planned in turns of the event loop of their own", async () => {
  const { runs, runBatch } = createManualRunner();
  const turns: (() => void)[] = [];
  const nextTurn = () => new Promise<void>((resolve) => turns.push(resolve));
  const store = createTestGroupCommit(runBatch, { maxInFlight: 2, lingerMs: 0, nextTurn });
  const large = (owner: string) =>
    Array.from({ length: 1_000 }, (_, n) => ({
      ownerId: owner,
      contactId: `${n}`,
      isDeleted: false,
    }));
  const results = ["a", "b"].map((owner) => store.sync(1, large(owner), { signal }));
  await allBegun();
  expect(runs).toHaveLength(0);
  for (const begun of [1, 2]) {
    turns.shift()?.();
    await vi.waitFor(() => expect(runs).toHaveLength(begun));
  }
  for (const run of runs) run.end();
  await Promise.all(results);
});
