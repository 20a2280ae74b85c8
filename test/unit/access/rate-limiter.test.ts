import { expect, test } from "vitest";
import type { RateLimit } from "../../../src/access/rate-limit.ts";
import { RateLimitFault } from "../../../src/access/rate-limit.ts";
import type { Quota } from "../../../src/access/rate-limiter.ts";
import { createRateLimiter } from "../../../src/access/rate-limiter.ts";

const limit = { contactsPerSecond: 10, burst: 50 };

function start(defaultLimit?: RateLimit) {
  const clock = { ms: 1_000 };
  const limiter = createRateLimiter({ defaultLimit, now: () => clock.ms });
  const find = (appId = 1, rateLimit: RateLimit | null = null) =>
    limiter.quotaOf({ appId, appName: `app ${appId}`, keyId: "k", rateLimit });
  /** The quota of an app that has one. */
  function quota(appId?: number, rateLimit?: RateLimit): Quota {
    const found = find(appId, rateLimit);
    if (found === undefined) throw new Error("the app has no limit");
    return found;
  }
  return { clock, find, quota, limiter };
}

/** Runs a call with this number of contacts. @returns the delay until a retry if it is rejected */
function call(quota: Quota, contacts = 1): number | undefined {
  const rejection = quota.accept();
  if (rejection !== undefined) return rejection.retryAfter;
  try {
    quota.takeMore(contacts - 1);
    return undefined;
  } catch (error) {
    if (!(error instanceof RateLimitFault)) throw error;
    return error.retryAfter;
  }
}

test("without a limit there is no quota", () => {
  expect(start().find()).toBeUndefined();
});

test("calls are accepted until the burst is used, and rejected until there is a contact", () => {
  const { clock, quota } = start(limit);
  for (let n = 0; n < 50; n++) expect(call(quota())).toBeUndefined();
  expect(call(quota())).toBe(1);
  clock.ms += 99;
  expect(call(quota())).toBe(1);
  clock.ms += 1;
  expect(call(quota())).toBeUndefined();
  expect(call(quota())).toBe(1);
});

test("the fault has the app, the limit, and the delay", () => {
  const { quota } = start(limit);
  call(quota(), 200);
  expect(quota().accept()).toMatchObject({
    ...{ reason: "RATE_LIMITED", retryAfter: 16, appName: "app 1", limit },
    message: "The app has used its rate limit of 10 contacts per second",
  });
});

test("a call of any size is accepted if there is one contact", () => {
  const { clock, quota } = start(limit);
  expect(call(quota(), 10_000)).toBeUndefined();
  expect(call(quota())).toBe(996);
  clock.ms += 995_100;
  expect(call(quota(), 10_000)).toBeUndefined();
});

test("of calls that are read at the same time, one may exceed the limit", () => {
  const { quota } = start(limit);
  for (let n = 0; n < 3; n++) quota().accept();
  expect(() => quota().takeMore(99)).not.toThrow();
  expect(() => quota().takeMore(99)).toThrow(RateLimitFault);
  // A call that needs no more contacts continues.
  expect(() => quota().takeMore(0)).not.toThrow();
});

test("contacts that are given back can be used", () => {
  const { quota } = start(limit);
  call(quota(), 100);
  quota().giveBack(60);
  expect(call(quota(), 10)).toBeUndefined();
});

test("each app has contacts of its own, and its own limit counts before the default", () => {
  const { quota } = start(limit);
  call(quota(1), 100);
  expect(call(quota(1))).toBeDefined();
  expect(call(quota(2))).toBeUndefined();
  const own = { contactsPerSecond: 1, burst: 2 };
  expect([1, 2, 3].map(() => call(quota(3, own)))).toEqual([undefined, undefined, 1]);
});

test("a limit that changes is valid at once, and what is used stays used", () => {
  const { clock, quota } = start(limit);
  call(quota(), 51);
  expect(call(quota(1, { contactsPerSecond: 1, burst: 50 }))).toBe(2);
  clock.ms += 2_000;
  expect(call(quota(1, { contactsPerSecond: 1, burst: 50 }))).toBeUndefined();
  expect(call(quota(1, { contactsPerSecond: 1, burst: 50 }))).toBe(1);
});

test("a fault names the limit that is valid", () => {
  const { quota } = start(limit);
  call(quota(), 51);
  expect(quota().accept()?.message).toContain("10 contacts per second");
  expect(quota(1, { contactsPerSecond: 3, burst: 50 }).accept()?.message).toContain("3 contacts");
});

test("calls that are rejected for the same time get the same fault", () => {
  const { clock, quota } = start(limit);
  call(quota(), 100);
  const faultNow = () => quota().accept();
  const first = faultNow();
  clock.ms += 50;
  expect(faultNow()).toBe(first);
  clock.ms += 1_000;
  expect(faultNow()).not.toBe(first);
  expect(faultNow()).toMatchObject({ retryAfter: 5 });
});

test.each([
  { used: 1, limited: limit, left: '"contacts";r=49;t=1', policy: "q=50;w=5" },
  { used: 50, limited: limit, left: '"contacts";r=0;t=1', policy: "q=50;w=5" },
  { used: 100, limited: limit, left: '"contacts";r=0;t=6', policy: "q=50;w=5" },
  {
    ...{ used: 3, limited: { contactsPerSecond: 10, burst: 5 } },
    ...{ left: '"contacts";r=2;t=1', policy: "q=5;w=1" },
  },
  {
    ...{ used: 1, limited: { contactsPerSecond: 3, burst: 10 } },
    ...{ left: '"contacts";r=9;t=1', policy: "q=10;w=4" },
  },
])("after $used contacts of $limited the headers are $left", ({ used, limited, left, policy }) => {
  const { quota } = start(limited);
  call(quota(), used);
  expect(quota().headers()).toEqual({
    RateLimit: left,
    "RateLimit-Policy": `"contacts";${policy};qu="contacts"`,
  });
});

test("a full bucket gets no more contacts", () => {
  expect(start(limit).quota().headers().RateLimit).toBe('"contacts";r=50');
});

test("the delay of a rejected call is the time in its RateLimit header", () => {
  const { quota } = start(limit);
  call(quota(), 1_234);
  expect(quota().headers().RateLimit).toBe(`"contacts";r=0;t=${call(quota())}`);
});

test("apps that have not called lately are forgotten", () => {
  const { clock, quota } = start({ contactsPerSecond: 1, burst: 5 });
  const [busy, idle] = [quota(1), quota(2)];
  call(busy, 1_000_000);
  call(idle, 5);
  clock.ms += 10_000;
  for (let appId = 3; appId <= 1_001; appId++) call(quota(appId));
  expect(quota(1)).toBe(busy);
  expect(quota(2)).not.toBe(idle);
});

test("limiters that tell each other their uses have one limit", () => {
  const [first, second] = [start(limit), start(limit)];
  call(first.quota(), 40);
  call(first.quota(2), 60);
  const uses = first.limiter.newUses();
  expect(uses.map(({ appId, contacts }) => ({ appId, contacts }))).toEqual([
    { appId: 1, contacts: 40 },
    { appId: 2, contacts: 60 },
  ]);
  second.limiter.takeElsewhere(uses);
  expect(call(second.quota(2))).toBe(2);
  expect(call(second.quota(), 10)).toBeUndefined();
  expect(call(second.quota())).toBe(1);
  // What others took is not reported again, and neither is what was reported.
  expect(second.limiter.newUses()).toEqual([expect.objectContaining({ appId: 1, contacts: 10 })]);
  expect(first.limiter.newUses()).toEqual([]);
});

test("contacts that are given back are given back everywhere", () => {
  const [first, second] = [start(limit), start(limit)];
  call(first.quota(), 50);
  second.limiter.takeElsewhere(first.limiter.newUses());
  expect(call(second.quota())).toBe(1);
  first.quota().giveBack(20);
  second.limiter.takeElsewhere(first.limiter.newUses());
  expect(call(second.quota(), 20)).toBeUndefined();
  expect(call(second.quota())).toBe(1);
});
