import { expect, test } from "vitest";
import { RateLimitFault, rateLimitOf } from "../../../src/access/rate-limit.ts";
import type { Fault } from "../../../src/errors.ts";
import { fault } from "../../../src/errors.ts";
import { cacheByFault } from "../../../src/transport/fault-cache.ts";

/** Encodes faults through a cache. Lists those that were not in it. */
function start() {
  const encoded: Fault[] = [];
  const encode = cacheByFault((each) => {
    encoded.push(each);
    return { text: `${each.message}, ${each.retryAfter}` };
  });
  return { encode, encoded };
}

test("faults whose row says all are encoded once for each reason", () => {
  const { encode, encoded } = start();
  const first = encode(fault("SERVER_KEY_INVALID"));
  expect(encode(fault("SERVER_KEY_INVALID"))).toBe(first);
  expect(encode(fault("SERVER_KEY_MISSING"))).not.toBe(first);
  expect(encoded).toHaveLength(2);
});

test("a fault of a rate limit is encoded once, and another one has its own values", () => {
  const { encode, encoded } = start();
  const one = new RateLimitFault("shop", rateLimitOf(1), 1);
  expect(encode(one)).toBe(encode(one));
  expect(encode(new RateLimitFault("shop", rateLimitOf(2), 3)).text).toMatch(/ 2 contacts .*, 3$/);
  expect(encoded).toHaveLength(2);
});

test("a fault with values of its own is always encoded", () => {
  const { encode, encoded } = start();
  for (const limit of ["1", "2"]) {
    expect(encode(fault("BODY_TOO_LARGE", { limit })).text).toContain(limit);
  }
  encode(fault("INTERNAL", {}, { cause: new Error("a") }));
  encode(fault("INTERNAL", {}, { cause: new Error("b") }));
  expect(encoded).toHaveLength(4);
});
