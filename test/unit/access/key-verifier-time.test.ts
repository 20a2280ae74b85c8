import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { KeyVerifier } from "../../../src/access/key-verifier.ts";
import { createKeyVerifier } from "../../../src/access/key-verifier.ts";
import { serverKeyHeader } from "../../../src/access/server-key.ts";
import { fault } from "../../../src/errors.ts";
import type { FakeKeys } from "../support/fake-keys.ts";
import { createFakeKeys } from "../support/fake-keys.ts";
import { reasonOf } from "../support/reason.ts";
import { verifyInFakeTime } from "../support/verify.ts";

/** Kith rejects a revoked key after at most this many milliseconds, as the command line documents. */
const maxDelayMs = 10_000;

let keys: FakeKeys;
let verifier: KeyVerifier;
beforeEach(() => {
  vi.useFakeTimers({ toFake: ["performance", "setTimeout", "clearTimeout", "Date"] });
  keys = createFakeKeys();
  verifier = createKeyVerifier({ keys });
});
afterEach(() => {
  vi.useRealTimers();
});

const pass = (milliseconds: number) => vi.advanceTimersByTimeAsync(milliseconds);

const verify = (header: string) => verifyInFakeTime(verifier, header);

test.each([50, 1_000, 3_999, 5_000, 9_500, 10_000, 60_000])(
  "a key that is used every %i ms is rejected within the limit after it is revoked",
  async (everyMs) => {
    const { id, header } = keys.add();
    expect(await verify(header)).toBe("accepted");
    await pass(everyMs);
    expect(await verify(header)).toBe("accepted");

    keys.change(id, { revokedAt: new Date() });
    const revokedAt = performance.now();
    while (performance.now() - revokedAt < maxDelayMs) {
      await verify(header);
      await pass(everyMs);
    }
    expect(await verify(header)).toBe("SERVER_KEY_INVALID");
  },
);

test("a key in constant use is renewed in the background, and no call waits", async () => {
  const { header } = keys.add();
  await verifier.verify(header);
  for (let n = 0; n < 600; n++) {
    await pass(100);
    expect(verifier.verify(header)).not.toBeInstanceOf(Promise);
  }
  expect(keys.lookUps.length).toBeGreaterThanOrEqual(60_000 / maxDelayMs);
  expect(keys.lookUps.length).toBeLessThanOrEqual(20);
});

test("only one renewal is in flight, even with many calls", async () => {
  const { header } = keys.add();
  await verifier.verify(header);
  keys.delayMs = 1_000;
  await pass(5_000);
  for (let n = 0; n < 1_000; n++) expect(verifier.verify(header)).not.toBeInstanceOf(Promise);
  await pass(2_000);
  expect(keys.lookUps).toHaveLength(2);
});

test("a failed renewal is retried, so that no call waits after the database is reachable again", async () => {
  const { header } = keys.add();
  await verifier.verify(header);
  keys.failure = fault("DATABASE_UNAVAILABLE");
  await pass(5_000);
  expect(await verify(header)).toBe("accepted");
  keys.failure = undefined;
  for (let n = 0; n < 100; n++) {
    await pass(100);
    expect(verifier.verify(header)).not.toBeInstanceOf(Promise);
  }
});

test("a cached key is accepted while the database is unreachable, but not beyond the limit", async () => {
  const { header } = keys.add();
  await verifier.verify(header);
  const loadedAt = performance.now();
  keys.failure = fault("DATABASE_UNAVAILABLE");
  const reasons = new Map<number, string>();
  while (performance.now() - loadedAt < maxDelayMs + 2_000) {
    await pass(200);
    reasons.set(performance.now() - loadedAt, await verify(header));
  }
  const acceptedAt = [...reasons].filter(([, reason]) => reason === "accepted").map(([at]) => at);
  expect(Math.max(...acceptedAt)).toBeGreaterThan(5_000);
  expect(Math.max(...acceptedAt)).toBeLessThan(maxDelayMs);
  expect([...reasons.values()].at(-1)).toBe("DATABASE_UNAVAILABLE");

  keys.failure = undefined;
  expect(await verify(header)).toBe("accepted");
});

test("the age of a record counts from the start of its look-up", async () => {
  const { id, header } = keys.add();
  keys.delayMs = 8_000;
  const first = verifier.verify(header);
  await pass(1);
  keys.change(id, { revokedAt: new Date() });
  const revokedAt = performance.now();
  await pass(8_000);
  await first;
  keys.delayMs = 0;
  await pass(maxDelayMs - (performance.now() - revokedAt));
  expect(await verify(header)).toBe("SERVER_KEY_INVALID");
});

test("a look-up that never ends does not keep a revoked key valid", async () => {
  const { id, header } = keys.add();
  await verifier.verify(header);
  keys.delayMs = 1_000_000;
  await pass(5_000);
  expect(await reasonOf(() => verifier.verify(header))).toBe("accepted");
  keys.change(id, { revokedAt: new Date() });
  await pass(maxDelayMs);
  expect(verifier.verify(header)).toBeInstanceOf(Promise);
});

test("a cached key expires on time", async () => {
  const { header } = keys.add({ expiresAt: new Date(Date.now() + 1_000) });
  expect(await verify(header)).toBe("accepted");
  await pass(999);
  expect(await verify(header)).toBe("accepted");
  await pass(1);
  expect(await verify(header)).toBe("SERVER_KEY_EXPIRED");
  expect(keys.lookUps).toHaveLength(1);
});

test("a deleted key is rejected after the next renewal", async () => {
  const { id, header } = keys.add();
  expect(await verify(header)).toBe("accepted");
  keys.records.delete(id);
  await pass(5_000);
  await verify(header);
  await pass(20);
  expect(await verify(header)).toBe("SERVER_KEY_INVALID");
});

test("a deleted key that is not in use is rejected when the limit is reached", async () => {
  const { id, header } = keys.add();
  expect(await verify(header)).toBe("accepted");
  keys.records.delete(id);
  await pass(maxDelayMs);
  expect(await verify(header)).toBe("SERVER_KEY_INVALID");
});

test("a replaced secret takes effect within the limit", async () => {
  const { id, header } = keys.add();
  const other = keys.add();
  expect(await verify(header)).toBe("accepted");
  const { secretHash } = keys.records.get(other.id) ?? {};
  if (secretHash !== undefined) keys.change(id, { secretHash });
  await pass(maxDelayMs);
  expect(await verify(header)).toBe("SERVER_KEY_INVALID");
  expect(await verify(serverKeyHeader({ id, secret: other.secret }))).toBe("accepted");
});
