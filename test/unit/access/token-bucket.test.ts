import fc from "fast-check";
import { expect, test } from "vitest";
import { TokenBucket } from "../../../src/access/token-bucket.ts";

const limit = { contactsPerSecond: 10, burst: 50 };

test("a new bucket has the burst, and never has more", () => {
  const bucket = new TokenBucket(limit, 0);
  expect(bucket.tokens(0)).toBe(50);
  expect(bucket.tokens(1_000_000)).toBe(50);
});

test("what is taken comes back with the rate", () => {
  const bucket = new TokenBucket(limit, 0);
  bucket.take(30, 0);
  expect(bucket.tokens(0)).toBe(20);
  expect(bucket.tokens(100)).toBe(21);
  expect(bucket.tokens(1_100)).toBe(31);
  expect(bucket.tokens(60_000)).toBe(50);
});

test("more than what is left can be taken, and comes back later", () => {
  const bucket = new TokenBucket(limit, 0);
  bucket.take(150, 0);
  expect(bucket.tokens(0)).toBe(-100);
  expect(bucket.secondsUntil(1, 0)).toBe(11);
  expect(bucket.tokens(10_100)).toBe(1);
});

test("what is given back does not exceed the burst", () => {
  const bucket = new TokenBucket(limit, 0);
  bucket.take(20, 0);
  bucket.take(-5, 0);
  expect(bucket.tokens(0)).toBe(35);
  bucket.take(-500, 0);
  expect(bucket.tokens(0)).toBe(50);
});

test.each([
  { taken: 49, seconds: 0 },
  { taken: 50, seconds: 1 },
  { taken: 59, seconds: 1 },
  { taken: 60, seconds: 2 },
  { taken: 10_050, seconds: 1_001 },
])("after $taken contacts there is one in $seconds s, rounded up", ({ taken, seconds }) => {
  const bucket = new TokenBucket(limit, 0);
  bucket.take(taken, 0);
  expect(bucket.secondsUntil(1, 0)).toBe(seconds);
});

test("another limit is valid from now on", () => {
  const bucket = new TokenBucket(limit, 0);
  bucket.take(50, 0);
  bucket.setLimit({ contactsPerSecond: 100, burst: 20 }, 1_000);
  expect(bucket.tokens(1_000)).toBe(10);
  expect(bucket.tokens(1_050)).toBe(15);
  expect(bucket.tokens(9_000)).toBe(20);
});

test("a smaller burst takes away what exceeds it", () => {
  const bucket = new TokenBucket(limit, 0);
  bucket.setLimit({ contactsPerSecond: 10, burst: 3 }, 0);
  expect(bucket.tokens(0)).toBe(3);
});

test("over a long time, no more than the rate, the burst, and one call are accepted", () => {
  const call = fc.record({ afterMs: fc.nat(300), contacts: fc.integer({ min: 1, max: 100 }) });
  fc.assert(
    fc.property(fc.array(call, { maxLength: 200 }), (calls) => {
      const bucket = new TokenBucket(limit, 0);
      let now = 0;
      let accepted = 0;
      for (const { afterMs, contacts } of calls) {
        now += afterMs;
        if (bucket.tokens(now) < 1) continue;
        bucket.take(contacts, now);
        accepted += contacts;
      }
      const { contactsPerSecond, burst } = limit;
      expect(accepted).toBeLessThanOrEqual(burst + (now / 1_000) * contactsPerSecond + 100);
    }),
  );
});
