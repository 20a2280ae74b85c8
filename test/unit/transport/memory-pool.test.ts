import { expect, test } from "vitest";
import { Cancellation } from "../../../src/api/cancellation.ts";
import { fault } from "../../../src/errors.ts";
import { createMemoryPool } from "../../../src/transport/memory-pool.ts";

function poolOf(maxBytes: number) {
  const pool = createMemoryPool({ maxBytes });
  const granted: string[] = [];
  function take(name: string, bytes: number) {
    const cancellation = new Cancellation();
    const reservation = pool.reservationFor(cancellation);
    const taken = reservation.take(bytes).then(() => {
      granted.push(name);
    });
    return { cancellation, reservation, taken };
  }
  return { granted, take };
}

test("calls wait until earlier ones have given bytes back, in the order of their arrival", async () => {
  const { granted, take } = poolOf(10);
  const first = take("first", 6);
  const large = take("large", 5);
  const small = take("small", 1);
  await first.taken;
  expect(granted).toEqual(["first"]);
  first.reservation.release();
  await Promise.all([large.taken, small.taken]);
  expect(granted).toEqual(["first", "large", "small"]);
});

test("a call that is cancelled while it waits lets the next one pass", async () => {
  const { take } = poolOf(10);
  const first = take("first", 6);
  const large = take("large", 5);
  const small = take("small", 4);
  const reason = fault("CANCELLED");
  large.cancellation.abort(reason);
  await expect(large.taken).rejects.toBe(reason);
  await Promise.all([first.taken, small.taken]);
});

test("a call that is cancelled before it waits takes nothing", async () => {
  const { take } = poolOf(10);
  const first = take("first", 10);
  const later = take("later", 10);
  later.reservation.release();
  first.reservation.release();
  first.reservation.release();
  await take("last", 10).taken;
});

test("a call that needs more than the pool has takes all of it", async () => {
  const { granted, take } = poolOf(10);
  const huge = take("huge", 11);
  await huge.taken;
  const next = take("next", 1);
  expect(granted).toEqual(["huge"]);
  huge.reservation.release();
  await next.taken;
});
