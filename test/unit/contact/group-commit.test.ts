import { setImmediate as nextTick } from "node:timers/promises";
import * as fc from "fast-check";
import { expect, onTestFinished, test, vi } from "vitest";
import type { GroupCommitOptions } from "../../../src/contact/group-commit.ts";
import { createGroupCommit } from "../../../src/contact/group-commit.ts";
import type { OnLost, RunBatch } from "../../../src/contact/run-batch.ts";
import { fault } from "../../../src/errors.ts";
import { anyRequest, anyRows, applyBatch, syncModel } from "../../support/sync-model.ts";

const signal = new AbortController().signal;
const add = (ownerId: string) => [{ ownerId, contactId: "x", isDeleted: false }];

/** Waits until all transactions that may begin have begun: one turn to schedule them, one to begin. */
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
    lostWaitMs: 60_000,
    ...options,
  });
}

interface Run {
  readonly owners: string[];
  readonly waitsForLocks: boolean;
  readonly takesTurn: boolean;
  readonly onLost: OnLost;
  conflict(): void;
  end(error?: unknown): void;
}

/** A runner whose transactions end when the test ends them. */
function createManualRunner(rows = new Set<string>()) {
  const runs: Run[] = [];
  const runBatch: RunBatch = (batch, { waitsForLocks, takesTurn }, onLost) =>
    new Promise((resolve, reject) => {
      runs.push({
        owners: batch.requests.flatMap(({ entries }) => entries.map(({ ownerId }) => ownerId)),
        waitsForLocks,
        takesTurn,
        onLost,
        conflict: () => resolve(undefined),
        end: (error) => (error ? reject(error) : resolve(applyBatch(rows, batch))),
      });
    });
  return { runs, runBatch };
}

test("any schedule and any failures give results and rows of the order of arrival", async () => {
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
        const store = create(async (batch, { waitsForLocks }) => {
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

test("a lone request goes at once, those that come meanwhile are joined", async () => {
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

test("a second transaction begins when half as many requests wait as are under way", async () => {
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

test("requests wait for others no longer than they may", async () => {
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

test("transactions that are run alone do not make others wait longer", async () => {
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

test("requests of a transaction that failed are run alone, and fail alone", async () => {
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

test("a request that waits for a lock holds up no other, but those of its pairs", async () => {
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

test("an unreachable database fails all requests of the transaction, untried", async () => {
  const { runs, runBatch } = createManualRunner();
  const store = create(runBatch, { maxInFlight: 1 });
  const results = ["a", "b"].map((owner) => store.sync(1, add(owner), { signal }));
  const settled = Promise.allSettled(results);
  await allBegun();
  runs[0]?.end(fault("DATABASE_UNAVAILABLE"));
  expect((await settled).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  expect(runs).toHaveLength(1);
});

test("a request whose caller left while it waited is never run", async () => {
  const { runs, runBatch } = createManualRunner();
  const store = create(runBatch, { maxInFlight: 1 });
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

test("beyond the bound of the queue requests are refused, until it is shorter", async () => {
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

test("requests that conflict are retried with those that came meanwhile, and take turns", async () => {
  const { runs, runBatch } = createManualRunner();
  const store = create(runBatch);
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
  const store = create(runBatch);
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

test("a request that conflicts again and again runs alone", async () => {
  const { runs, runBatch } = createManualRunner();
  const store = create(runBatch);
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
  const store = create(runBatch);
  const late = store.sync(1, add("a"), { signal, timeLeftMs: () => 0 });
  const result = expect(late).rejects.toMatchObject({ reason: "DEADLINE_EXCEEDED" });
  await allBegun();
  runs[0]?.conflict();
  await result;
  expect(runs).toHaveLength(1);
});

test("the pairs of a lost transaction stay busy until it has ended, other pairs do not", async () => {
  const { runs, runBatch } = createManualRunner();
  const store = create(runBatch, { maxInFlight: 1 });
  const lost = store.sync(1, add("a"), { signal });
  const rejected = expect(lost).rejects.toMatchObject({ reason: "DATABASE_UNAVAILABLE" });
  await allBegun();
  const ended = Promise.withResolvers<void>();
  runs[0]?.onLost(ended.promise);
  runs[0]?.end(fault("DATABASE_UNAVAILABLE"));
  await rejected;
  const same = store.sync(1, add("a"), { signal });
  const other = store.sync(1, add("b"), { signal });
  await allBegun();
  expect(runs[1]?.owners).toEqual(["b"]);
  runs[1]?.end();
  await other;
  expect(runs).toHaveLength(2);
  ended.resolve();
  await vi.waitFor(() => expect(runs).toHaveLength(3));
  runs[2]?.end();
  expect(await same).toEqual({ inserted: 1, deleted: 0 });
});

test("requests for pairs of a transaction that stays lost are rejected until it has ended", async () => {
  const { runs, runBatch } = createManualRunner();
  const store = create(runBatch, { lostWaitMs: 1 });
  const unavailable = { reason: "DATABASE_UNAVAILABLE" };
  const lost = store.sync(1, add("a"), { signal });
  const rejected = expect(lost).rejects.toMatchObject(unavailable);
  await allBegun();
  const ended = Promise.withResolvers<void>();
  runs[0]?.onLost(ended.promise);
  runs[0]?.end(fault("DATABASE_UNAVAILABLE"));
  await rejected;
  await expect(store.sync(1, add("a"), { signal })).rejects.toMatchObject(unavailable);
  await expect(store.sync(1, add("a"), { signal })).rejects.toMatchObject(unavailable);
  ended.resolve();
  await allBegun();
  const next = store.sync(1, add("a"), { signal });
  await vi.waitFor(() => expect(runs).toHaveLength(2));
  runs[1]?.end();
  expect(await next).toEqual({ inserted: 1, deleted: 0 });
});
