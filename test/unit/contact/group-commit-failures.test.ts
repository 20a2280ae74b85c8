import { expect, onTestFinished, test, vi } from "vitest";
import { fault } from "../../../src/errors.ts";
import {
  add,
  allBegun,
  createManualRunner,
  createTestGroupCommit,
  signal,
} from "../support/group-commit.ts";

test("transactions of the retry queue do not make others wait longer", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  onTestFinished(() => void vi.useRealTimers());
  const { runs, runBatch } = createManualRunner();
  const store = createTestGroupCommit(runBatch, { lingerMs: 20 });
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
  const store = createTestGroupCommit(runBatch, { maxInFlight: 1 });
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

test("only requests with the same pairs wait for a request that waits for a lock", async () => {
  const { runs, runBatch } = createManualRunner();
  const store = createTestGroupCommit(runBatch, { maxInFlight: 1 });
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

test("an unreachable database fails all requests of the transaction without a retry", async () => {
  const { runs, runBatch } = createManualRunner();
  const store = createTestGroupCommit(runBatch, { maxInFlight: 1 });
  const results = ["a", "b"].map((owner) => store.sync(1, add(owner), { signal }));
  const settled = Promise.allSettled(results);
  await allBegun();
  runs[0]?.end(fault("DATABASE_UNAVAILABLE"));
  expect((await settled).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  expect(runs).toHaveLength(1);
});

test("requests for pairs of a lost transaction wait until it has ended, other requests do not", async () => {
  const { runs, runBatch } = createManualRunner();
  const store = createTestGroupCommit(runBatch, { maxInFlight: 1 });
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
  const store = createTestGroupCommit(runBatch, { lostWaitMs: 1 });
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
