import { expect, test } from "vitest";
import type { Call } from "../histories/support/calls.ts";
import { stepOf } from "../histories/support/calls.ts";
import type { HistoryCall } from "../histories/support/serializability.ts";
import { isStrictlySerializable } from "../histories/support/serializability.ts";

const add = (...pairs: number[]): Call => ({ kind: "sync", add: pairs, remove: [] });
const remove = (...pairs: number[]): Call => ({ kind: "sync", add: [], remove: pairs });
const change = (added: number[], removed: number[]): Call => ({
  kind: "sync",
  add: added,
  remove: removed,
});
const replace = (...contacts: number[]): Call => ({ kind: "replace", contacts });
const check: Call = { kind: "check" };

type Row = readonly [
  call: Call,
  result: string | undefined,
  begin: number,
  end: number,
  precedes?: readonly number[],
];

function historyOf(rows: readonly Row[]): HistoryCall[] {
  return rows.map(([call, result, begin, end, precedes = []]) => ({
    ...{ step: stepOf(call), result, begin, end, precedes },
  }));
}

const good: Record<string, readonly Row[]> = {
  "no call": [],
  "calls one after another": [
    [add(0, 1), "2 0 INSERTED INSERTED", 0, 1],
    [remove(1), "0 1 DELETED", 2, 3],
    [check, "true false false", 4, 5],
  ],
  "two concurrent calls in the other order": [
    [check, "true false false", 0, 10],
    [add(0), "1 0 INSERTED", 1, 9],
  ],
  "an insertion and a deletion of one pair in one sync": [
    [change([0], [0]), "1 1 INSERTED DELETED", 0, 1],
    [check, "false false false", 2, 3],
  ],
  "a replacement": [
    [add(0, 2), "2 0 INSERTED INSERTED", 0, 1],
    [replace(1), "1 1", 2, 3],
    [check, "false true true", 4, 5],
  ],
  "a failed call with an effect": [
    [add(0), undefined, 0, Infinity],
    [check, "true false false", 2, 3],
  ],
  "a failed call without an effect": [
    [add(0), undefined, 0, Infinity],
    [check, "false false false", 2, 3],
  ],
  "a failed call that precedes a call": [
    [add(0), undefined, 0, Infinity, [1]],
    [remove(0), "0 1 DELETED", 2, 3],
  ],
  "a failed call with a late effect": [
    [add(0), undefined, 0, Infinity],
    [check, "false false false", 2, 3],
    [check, "true false false", 4, 5],
  ],
};

const bad: Record<string, readonly Row[]> = {
  "an acknowledged insertion that is lost": [
    [add(0), "1 0 INSERTED", 0, 1],
    [check, "false false false", 2, 3],
  ],
  "a read of the past": [
    [add(0), "1 0 INSERTED", 0, 1],
    [add(1), "1 0 INSERTED", 2, 3],
    [check, "true false false", 4, 5],
  ],
  "two reads that go back in time": [
    [add(0), "1 0 INSERTED", 0, 10],
    [check, "true false false", 1, 2],
    [check, "false false false", 3, 4],
  ],
  "half a sync": [
    [add(0, 1), "2 0 INSERTED INSERTED", 0, 10],
    [check, "true false false", 1, 9],
  ],
  "two concurrent insertions that both count": [
    [add(0), "1 0 INSERTED", 0, 10],
    [add(0), "1 0 INSERTED", 0, 10],
  ],
  "a deletion that counts for one call and is missing for both": [
    [add(0), "1 0 INSERTED", 0, 1],
    // The last check shows that the second sync was first. But then it found the pair.
    [change([2], [0]), "1 1 INSERTED DELETED", 2, 10],
    [remove(0, 2), "0 0 MISSING MISSING", 2, 10],
    [check, "false false false", 11, 12],
  ],
  "an insertion that existed beside a deletion": [
    [add(0), "1 0 INSERTED", 0, 1],
    [change([0, 2], []), "1 0 EXISTED INSERTED", 2, 10],
    [remove(0), "0 1 DELETED", 2, 5],
    [check, "false false false", 6, 9],
    [check, "false false true", 11, 12],
  ],
  "a replacement that leaves a contact": [
    [add(0), "1 0 INSERTED", 0, 1],
    [replace(1), "1 1", 2, 3],
    [check, "true true false", 4, 5],
  ],
  "outcomes of other pairs than those that exist": [
    [add(0), "1 0 INSERTED", 0, 1],
    [add(0, 1), "1 0 INSERTED EXISTED", 2, 3],
  ],
  "a failed call that takes effect twice": [
    [add(0), undefined, 0, Infinity],
    [remove(0), "0 1 DELETED", 2, 3],
    [check, "true false false", 4, 5],
  ],
  "a failed call that takes effect after a call that it must precede": [
    [add(0), undefined, 0, Infinity, [1]],
    [remove(0), "0 0 MISSING", 2, 3],
    [check, "true false false", 4, 5],
  ],
  "half of a failed call": [
    [add(0, 1), undefined, 0, Infinity],
    [check, "true false false", 4, 5],
  ],
};

test.each(Object.entries(good))("%s is strictly serializable", (_, rows) => {
  expect(isStrictlySerializable(historyOf(rows))).toBe(true);
});

test.each(Object.entries(bad))("%s is a violation", (_, rows) => {
  expect(isStrictlySerializable(historyOf(rows))).toBe(false);
});

test("a history of more calls than the search can visit is an error", () => {
  const calls = historyOf(Array.from({ length: 17 }, () => [check, undefined, 0, Infinity]));
  expect(() => isStrictlySerializable(calls)).toThrow("too many calls");
});
