import { setImmediate as nextTick } from "node:timers/promises";
import * as fc from "fast-check";
import { expect, onTestFinished, test, vi } from "vitest";
import type { GroupCommitOptions, RunBatch } from "../../../src/contact/group-commit.ts";
import { createGroupCommit } from "../../../src/contact/group-commit.ts";
import { fault } from "../../../src/errors.ts";
import { anyRequest, anyRows, applyBatch, syncModel } from "../../support/sync-model.ts";

const signal = new AbortController().signal;
const add = (ownerId: string) => [{ ownerId, contactId: "x", isDeleted: false }];

/** Waits until all runnable transactions have begun. It takes one turn to schedule and one to begin them. */
async function allBegun(): Promise<void> {
  await nextTick();
  await nextTick();
}

function create(runBatch: RunBatch, options: Partial<GroupCommitOptions> = {}) {
  return createGroupCommit({
    runBatch,
    maxInFlight: 2,
    maxRetriesInFlight: 1,
    maxLockWaitsInFlight: 2,
    maxBatchEntries: 100,
    maxPendingEntries: 1_000,
    lingerMs: 60_000,
    maxBackoffMs: 1,
    ...options,
  });
}

/** A runner whose transactions end only when the test ends them. */
function createManualRunner(rows = new Set<string>()) {
  const runs: { owners: string[]; waitsForLocks: boolean; end: (error?: unknown) => void }[] = [];
  const runBatch: RunBatch = (batch, { waitsForLocks }) =>
    new Promise((resolve, reject) => {
      runs.push({
        owners: batch.requests.flatMap(({ entries }) => entries.map(({ ownerId }) => ownerId)),
        waitsForLocks,
        end: (error) => (error ? reject(error) : resolve(applyBatch(rows, batch))),
      });
    });
  return { runs, runBatch };
}

test("results and rows match the order of arrival, with any schedule and any failures", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(anyRequest, { maxLength: 16 }),
      anyRows,
      fc.scheduler(),
      fc.infiniteStream(fc.constantFrom(true, true, true, false)),
      async (requests, initial, scheduler, succeeds) => {
        const modelRows = new Set(initial);
        const expected = requests.map((request) => syncModel(modelRows, request));
        const rows = new Set(initial);
        const store = create(async (batch, { waitsForLocks }) => {
          await scheduler.schedule(Promise.resolve());
          if (!waitsForLocks && succeeds.next().value === false) throw fault("DEADLINE_EXCEEDED");
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

test("a single request runs at once, and later requests share a transaction", async () => {
  const { runs, runBatch } = createManualRunner();
  const store = create(runBatch, { maxInFlight: 1 });
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

test("a second transaction begins when the queue has half as many requests as are in flight", async () => {
  const { runs, runBatch } = createManualRunner();
  const store = create(runBatch);
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
  const store = create(runBatch, { lingerMs: 1 });
  const results = ["a", "b", "c"].map((owner) => store.sync(1, add(owner), { signal }));
  await allBegun();
  results.push(store.sync(1, add("d"), { signal }));
  await vi.waitFor(() => expect(runs).toHaveLength(2));
  expect(runs[1]?.owners).toEqual(["d"]);
  for (const { end } of runs) end();
  await Promise.all(results);
});

test("transactions of the retry queue do not make other requests wait longer", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  onTestFinished(() => void vi.useRealTimers());
  const { runs, runBatch } = createManualRunner();
  const store = create(runBatch, { lingerMs: 20 });
  const sync = (owner: string) => store.sync(1, add(owner), { signal });
  const failing = ["a", "b"].map(sync);
  await allBegun();
  const long = ["c", "d", "e"].map(sync);
  await allBegun();
  runs[0]?.end(new Error("a bug"));
  await allBegun();
  const late = sync("late");
  await allBegun();
  vi.advanceTimersByTime(15);
  runs[2]?.end();
  await allBegun();
  expect(runs.map(({ owners }) => owners)).toEqual([["a", "b"], ["c", "d", "e"], ["a"], ["b"]]);
  vi.advanceTimersByTime(5);
  expect(runs[4]?.owners).toEqual(["late"]);
  for (const { end } of runs) end();
  await Promise.all([...failing, ...long, late]);
});

test("requests of a failed transaction are retried alone, and fail alone", async () => {
  const { runs, runBatch } = createManualRunner();
  const store = create(runBatch, { maxInFlight: 1 });
  const results = ["bad", "good"].map((owner) => store.sync(1, add(owner), { signal }));
  const settled = Promise.allSettled(results);
  await allBegun();
  expect(runs[0]?.owners).toEqual(["bad", "good"]);
  runs[0]?.end(new Error("a bug"));
  await allBegun();
  expect(runs[1]?.owners).toEqual(["bad"]);
  runs[1]?.end(new Error("a bug"));
  await allBegun();
  expect(runs[2]?.owners).toEqual(["good"]);
  runs[2]?.end();
  expect((await settled).map(({ status }) => status)).toEqual(["rejected", "fulfilled"]);
});

test("a request that waits for a lock delays only requests of the same pairs", async () => {
  const { runs, runBatch } = createManualRunner();
  const store = create(runBatch, { maxInFlight: 1 });
  const locked = store.sync(1, add("locked"), { signal });
  await allBegun();
  runs[0]?.end(fault("DEADLINE_EXCEEDED"));
  await allBegun();
  expect(runs[1]).toMatchObject({ owners: ["locked"], waitsForLocks: true });
  const other = store.sync(1, add("other"), { signal });
  const same = store.sync(1, add("locked"), { signal });
  await allBegun();
  runs[2]?.end();
  expect(await other).toEqual({ inserted: 1, deleted: 0 });
  await allBegun();
  expect(runs).toHaveLength(3);
  runs[1]?.end();
  expect(await locked).toEqual({ inserted: 1, deleted: 0 });
  await allBegun();
  runs[3]?.end();
  expect(await same).toEqual({ inserted: 0, deleted: 0 });
});

test("an unreachable database fails all requests of the transaction, without a retry", async () => {
  const { runs, runBatch } = createManualRunner();
  const store = create(runBatch, { maxInFlight: 1 });
  const results = ["a", "b"].map((owner) => store.sync(1, add(owner), { signal }));
  const settled = Promise.allSettled(results);
  await allBegun();
  runs[0]?.end(fault("DATABASE_UNAVAILABLE"));
  expect((await settled).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  expect(runs).toHaveLength(1);
});

test("a request that is cancelled in the queue never runs", async () => {
  const { runs, runBatch } = createManualRunner();
  const store = create(runBatch, { maxInFlight: 1 });
  const caller = new AbortController();
  const first = store.sync(1, add("first"), { signal });
  await allBegun();
  const cancelled = store.sync(1, add("cancelled"), { signal: caller.signal });
  const last = store.sync(1, add("last"), { signal });
  const reason = new Error("cancelled");
  caller.abort(reason);
  runs[0]?.end();
  await expect(cancelled).rejects.toBe(reason);
  await allBegun();
  runs[1]?.end();
  await Promise.all([first, last]);
  expect(runs.map(({ owners }) => owners)).toEqual([["first"], ["last"]]);
});

test("a full queue rejects requests until it is shorter", async () => {
  const { runs, runBatch } = createManualRunner();
  const store = create(runBatch, { maxInFlight: 1, maxPendingEntries: 1 });
  const first = store.sync(1, add("first"), { signal });
  await allBegun();
  const second = store.sync(1, add("second"), { signal });
  await expect(store.sync(1, add("third"), { signal })).rejects.toMatchObject({
    reason: "OVERLOADED",
  });
  runs[0]?.end();
  await first;
  await allBegun();
  const fourth = store.sync(1, add("fourth"), { signal });
  runs[1]?.end();
  await second;
  await allBegun();
  runs[2]?.end();
  expect(await fourth).toEqual({ inserted: 1, deleted: 0 });
});
