import { beforeEach, expect, onTestFinished, test, vi } from "vitest";
import type { CallTimes, Connection } from "../../../bench/load/connection.ts";
import type { Loop } from "../../../bench/load/loops.ts";
import { createClosedLoop, createOpenLoop } from "../../../bench/load/loops.ts";

const endAt = 100;
let now: number;

beforeEach(() => {
  now = 0;
  // Without chance, the calls are due at 0, 10, 20 ms, and so on.
  const random = vi.spyOn(Math, "random").mockReturnValue(1 - Math.exp(-1));
  vi.useFakeTimers();
  onTestFinished(() => {
    random.mockRestore();
    vi.useRealTimers();
  });
});

type LoopOptions = Omit<Parameters<typeof createOpenLoop>[0], "rate" | "dropsLateCalls">;

/** An open loop with calls that are due every 10 ms. */
function startOpen(room: number, dropsLateCalls: boolean) {
  return start(room, (options) => createOpenLoop({ ...options, rate: 100, dropsLateCalls }));
}

/** A loop on one connection with room for some calls, and the calls that it has started. */
function start(room: number, create: (options: LoopOptions) => Loop) {
  const started: CallTimes[] = [];
  const state = { room };
  const connection: Connection = {
    hasRoom: () => state.room > 0,
    start: () => {},
    flush: () => {},
    close: () => {},
  };
  const loop = create({
    connections: [connection],
    ...{ endAt, now: () => now },
    start(_connection, times) {
      state.room -= 1;
      started.push(times);
    },
  });
  loop.begin();
  const answerAt = (time: number) => {
    now = time;
    state.room += 1;
    loop.next(connection);
  };
  return { loop, started, answerAt };
}

test("a call that found no room starts after an answer, and remembers when it was due", () => {
  const { started, answerAt } = startOpen(1, true);
  answerAt(35);
  expect(started.map(({ sentAt }) => sentAt)).toEqual([0, 35]);
  expect(started[1]?.dueAt).toBeCloseTo(10);
});

test("a late call that is dropped does not start after the end", () => {
  const { started, answerAt } = startOpen(1, true);
  answerAt(endAt);
  expect(started).toHaveLength(1);
});

test("a late call that is not dropped starts after the end", () => {
  const { started, answerAt } = startOpen(1, false);
  answerAt(endAt);
  expect(started).toHaveLength(2);
});

test("calls that were due are counted, started or not", () => {
  const { loop, answerAt } = startOpen(1, true);
  answerAt(35);
  // Due at 0, 10, 20, 30, and 40.
  expect(loop.countDue(45)).toEqual({ due: 5, notStarted: 3 });
});

test("a closed loop starts a call without room after the next answer", () => {
  const { started, answerAt } = start(2, (options) =>
    createClosedLoop({ ...options, inFlight: 3 }),
  );
  expect(started).toHaveLength(2);
  answerAt(30);
  answerAt(40);
  expect(started.slice(2)).toEqual([
    { dueAt: 0, sentAt: 30 },
    { dueAt: 30, sentAt: 40 },
  ]);
});

test("a closed loop starts no call after the end", () => {
  const { started, answerAt } = start(2, (options) =>
    createClosedLoop({ ...options, inFlight: 2 }),
  );
  answerAt(endAt);
  expect(started).toHaveLength(2);
});
