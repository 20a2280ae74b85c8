import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { KeyVerifier } from "../../../src/access/key-verifier.ts";
import { createKeyVerifier } from "../../../src/access/key-verifier.ts";
import { serverKeyHeader } from "../../../src/access/server-key.ts";
import { fault } from "../../../src/errors.ts";
import type { FakeKeys } from "../support/fake-keys.ts";
import { createFakeKeys } from "../support/fake-keys.ts";
import { reasonOf } from "../support/reason.ts";

let keys: FakeKeys;
let verifier: KeyVerifier;
beforeEach(() => {
  // The clock is stopped, so that no record expires during a test.
  vi.useFakeTimers({ toFake: ["performance", "Date"] });
  keys = createFakeKeys();
  verifier = createKeyVerifier({ keys });
});
afterEach(() => {
  vi.useRealTimers();
});

const verify = (header: string | null | undefined) => reasonOf(() => verifier.verify(header));

test("a valid key identifies the app", async () => {
  const { id, header } = keys.add({ appId: 3, appName: "forum" });
  expect(await verifier.verify(header)).toEqual({
    appId: 3,
    appName: "forum",
    keyId: id,
    rateLimit: null,
  });
});

test("a cached key is checked synchronously, without a look-up", async () => {
  const { header } = keys.add();
  const first = await verifier.verify(header);
  for (let n = 0; n < 1_000; n++) expect(verifier.verify(header)).toEqual(first);
  expect(keys.lookUps).toHaveLength(1);
});

test("1,000 calls with the same new key need at most two look-ups", async () => {
  const { header } = keys.add();
  const answers = await Promise.all(Array.from({ length: 1_000 }, () => verifier.verify(header)));
  expect(answers).toHaveLength(1_000);
  expect(keys.lookUps.length).toBeLessThanOrEqual(2);
});

test("1,000 calls with 1,000 unknown ids need at most three look-ups", async () => {
  const headers = Array.from({ length: 1_000 }, (_, n) =>
    serverKeyHeader({ id: `nobody-${n}`, secret: "x" }),
  );
  const reasons = await Promise.all(headers.map(verify));
  expect(new Set(reasons)).toEqual(new Set(["SERVER_KEY_INVALID"]));
  expect(keys.lookUps.length).toBeLessThanOrEqual(3);
});

test("many unknown ids delay a valid key by at most one look-up", async () => {
  const { header } = keys.add();
  const flood = Array.from({ length: 500 }, (_, n) =>
    verify(serverKeyHeader({ id: `nobody-${n}`, secret: "x" })),
  );
  expect(await verify(header)).toBe("accepted");
  expect(keys.lookUps.length).toBeLessThanOrEqual(2);
  await Promise.all(flood);
});

const headers: [name: string, header: string | null | undefined, reason: string][] = [
  ["no header", undefined, "SERVER_KEY_MISSING"],
  ["null", null, "SERVER_KEY_MISSING"],
  ["an empty header", "", "SERVER_KEY_MISSING"],
  ["a malformed header", "not-base64!!", "SERVER_KEY_MALFORMED"],
];

test.each(headers)("%s is rejected without a look-up", async (_, header, reason) => {
  expect(await verify(header)).toBe(reason);
  expect(keys.lookUps).toHaveLength(0);
});

test("a wrong secret is rejected, without a look-up if the key is cached", async () => {
  const { id, header } = keys.add();
  const wrong = serverKeyHeader({ id, secret: "wrong" });
  expect(await verify(wrong)).toBe("SERVER_KEY_INVALID");
  for (let n = 0; n < 1_000; n++) expect(await verify(wrong)).toBe("SERVER_KEY_INVALID");
  expect(await verify(header)).toBe("accepted");
  expect(keys.lookUps).toHaveLength(1);
});

test("an unknown id, a wrong secret and a revoked key return the same error", async () => {
  const { id } = keys.add();
  const revoked = keys.add({ revokedAt: new Date() });
  const answers = [
    serverKeyHeader({ id: "nobody", secret: "x" }),
    serverKeyHeader({ id, secret: "x" }),
    revoked.header,
  ].map(async (header) => verifier.verify(header));
  const [first, ...others] = (await Promise.allSettled(answers)).map((result) =>
    result.status === "rejected" ? describe(result.reason) : "accepted",
  );
  expect(first).toMatchObject({ reason: "SERVER_KEY_INVALID" });
  for (const other of others) expect(other).toEqual(first);
});

function describe({ reason, message, at, cause }: ReturnType<typeof fault>) {
  return { reason, message, at, cause };
}

test("only the right secret reveals that a key has expired", async () => {
  const { id, header } = keys.add({ expiresAt: new Date(Date.now() - 1) });
  expect(await verify(header)).toBe("SERVER_KEY_EXPIRED");
  expect(await verify(serverKeyHeader({ id, secret: "wrong" }))).toBe("SERVER_KEY_INVALID");
});

test("a key that is revoked and expired is rejected as revoked", async () => {
  const { header } = keys.add({ revokedAt: new Date(0), expiresAt: new Date(0) });
  expect(await verify(header)).toBe("SERVER_KEY_INVALID");
});

test("a failed look-up fails the call, and the next call retries it", async () => {
  const { header } = keys.add();
  const unavailable = fault("DATABASE_UNAVAILABLE");
  keys.failure = unavailable;
  await expect(verifier.verify(header)).rejects.toBe(unavailable);
  keys.failure = undefined;
  expect(await verify(header)).toBe("accepted");
});

test.each([
  ["revoked", { revokedAt: new Date(0) }, "SERVER_KEY_INVALID"],
  ["expired", { expiresAt: new Date(0) }, "SERVER_KEY_EXPIRED"],
])("the fault of a key that is %s names the key, for the log", async (_, change, reason) => {
  const { id, header } = keys.add({ appId: 3, appName: "forum", ...change });
  const rejection = {
    reason,
    principal: { appId: 3, appName: "forum", keyId: id, rateLimit: null },
  };
  await expect(verifier.verify(header)).rejects.toMatchObject(rejection);
  // The record is cached now, so the fault is returned at once.
  expect(verifier.verify(header)).toMatchObject(rejection);
  const wrong = verifier.verify(serverKeyHeader({ id, secret: "wrong" }));
  expect(wrong).toMatchObject({ reason: "SERVER_KEY_INVALID" });
  expect(wrong).not.toHaveProperty("principal");
});

test("a key with an invalid expiry date counts as expired", async () => {
  const { header } = keys.add({ expiresAt: new Date(Number.NaN) });
  expect(await verify(header)).toBe("SERVER_KEY_EXPIRED");
});
