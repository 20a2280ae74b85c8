import { expect, test } from "vitest";
import { hashSecret, serverKeyHeader } from "../../../src/access/server-key.ts";
import { fault } from "../../../src/errors.ts";
import { reasonOf } from "../support/reason.ts";
import { verifyInFakeTime } from "../support/verify.ts";

/** Kith rejects a revoked key after at most this many milliseconds, as the command line documents. */
const maxDelayMs = 10_000;

const inFakeTime = verifyInFakeTime();
const { pass, verify } = inFakeTime;

test.each([50, 1_000, 3_999, 5_000, 9_500, 10_000, 60_000])(
  "a key that is used every %i ms is rejected within the limit after it is revoked",
  async (everyMs) => {
    const { id, header } = inFakeTime.keys.add();
    expect(await verify(header)).toBe("accepted");
    await pass(everyMs);
    expect(await verify(header)).toBe("accepted");

    inFakeTime.keys.change(id, { revokedAt: new Date() });
    const revokedAt = performance.now();
    while (performance.now() - revokedAt < maxDelayMs) {
      await verify(header);
      await pass(everyMs);
    }
    expect(await verify(header)).toBe("SERVER_KEY_INVALID");
  },
);

test("a rejected secret is accepted once it belongs to the key, however often it was rejected", async () => {
  const { id } = inFakeTime.keys.add();
  const header = serverKeyHeader({ id, secret: "later" });
  for (let n = 0; n < 100; n++) {
    expect(await verify(header)).toBe("SERVER_KEY_INVALID");
    await pass(100);
  }
  inFakeTime.keys.change(id, { secretHash: hashSecret("later") });
  await pass(maxDelayMs);
  expect(await verify(header)).toBe("accepted");
});

test("a key in constant use is renewed in the background, and no call waits", async () => {
  const { header } = inFakeTime.keys.add();
  await inFakeTime.verifier.verify(header);
  for (let n = 0; n < 600; n++) {
    await pass(100);
    expect(inFakeTime.verifier.verify(header)).not.toBeInstanceOf(Promise);
  }
  expect(inFakeTime.keys.lookUps.length).toBeGreaterThanOrEqual(60_000 / maxDelayMs);
  expect(inFakeTime.keys.lookUps.length).toBeLessThanOrEqual(20);
});

test("only one renewal is in flight, even with many calls", async () => {
  const { header } = inFakeTime.keys.add();
  await inFakeTime.verifier.verify(header);
  inFakeTime.keys.delayMs = 1_000;
  await pass(5_000);
  for (let n = 0; n < 1_000; n++)
    expect(inFakeTime.verifier.verify(header)).not.toBeInstanceOf(Promise);
  await pass(2_000);
  expect(inFakeTime.keys.lookUps).toHaveLength(2);
});

test("a failed renewal is retried, so that no call waits after the database is reachable again", async () => {
  const { header } = inFakeTime.keys.add();
  await inFakeTime.verifier.verify(header);
  inFakeTime.keys.failure = fault("DATABASE_UNAVAILABLE");
  await pass(5_000);
  expect(await verify(header)).toBe("accepted");
  inFakeTime.keys.failure = undefined;
  for (let n = 0; n < 100; n++) {
    await pass(100);
    expect(inFakeTime.verifier.verify(header)).not.toBeInstanceOf(Promise);
  }
});

test("a cached key is accepted while the database is unreachable, but not beyond the limit", async () => {
  const { header } = inFakeTime.keys.add();
  await inFakeTime.verifier.verify(header);
  const loadedAt = performance.now();
  inFakeTime.keys.failure = fault("DATABASE_UNAVAILABLE");
  const reasons = new Map<number, string>();
  while (performance.now() - loadedAt < maxDelayMs + 2_000) {
    await pass(200);
    reasons.set(performance.now() - loadedAt, await verify(header));
  }
  const acceptedAt = [...reasons].filter(([, reason]) => reason === "accepted").map(([at]) => at);
  expect(Math.max(...acceptedAt)).toBeGreaterThan(5_000);
  expect(Math.max(...acceptedAt)).toBeLessThan(maxDelayMs);
  expect([...reasons.values()].at(-1)).toBe("DATABASE_UNAVAILABLE");

  inFakeTime.keys.failure = undefined;
  expect(await verify(header)).toBe("accepted");
});

test("the age of a record counts from the start of its look-up", async () => {
  const { id, header } = inFakeTime.keys.add();
  inFakeTime.keys.delayMs = 8_000;
  const first = inFakeTime.verifier.verify(header);
  await pass(1);
  inFakeTime.keys.change(id, { revokedAt: new Date() });
  const revokedAt = performance.now();
  await pass(8_000);
  await first;
  inFakeTime.keys.delayMs = 0;
  await pass(maxDelayMs - (performance.now() - revokedAt));
  expect(await verify(header)).toBe("SERVER_KEY_INVALID");
});

test("a look-up that never ends does not keep a revoked key valid", async () => {
  const { id, header } = inFakeTime.keys.add();
  await inFakeTime.verifier.verify(header);
  inFakeTime.keys.delayMs = 1_000_000;
  await pass(5_000);
  expect(await reasonOf(() => inFakeTime.verifier.verify(header))).toBe("accepted");
  inFakeTime.keys.change(id, { revokedAt: new Date() });
  await pass(maxDelayMs);
  expect(inFakeTime.verifier.verify(header)).toBeInstanceOf(Promise);
});

test("a cached key expires on time", async () => {
  const { header } = inFakeTime.keys.add({ expiresAt: new Date(Date.now() + 1_000) });
  expect(await verify(header)).toBe("accepted");
  await pass(999);
  expect(await verify(header)).toBe("accepted");
  await pass(1);
  expect(await verify(header)).toBe("SERVER_KEY_EXPIRED");
  expect(inFakeTime.keys.lookUps).toHaveLength(1);
});

test("a deleted key is rejected after the next renewal", async () => {
  const { id, header } = inFakeTime.keys.add();
  expect(await verify(header)).toBe("accepted");
  inFakeTime.keys.records.delete(id);
  await pass(5_000);
  await verify(header);
  await pass(20);
  expect(await verify(header)).toBe("SERVER_KEY_INVALID");
});

test("a deleted key that is not in use is rejected when the limit is reached", async () => {
  const { id, header } = inFakeTime.keys.add();
  expect(await verify(header)).toBe("accepted");
  inFakeTime.keys.records.delete(id);
  await pass(maxDelayMs);
  expect(await verify(header)).toBe("SERVER_KEY_INVALID");
});

test("a replaced secret takes effect within the limit", async () => {
  const { id, header } = inFakeTime.keys.add();
  const other = inFakeTime.keys.add();
  expect(await verify(header)).toBe("accepted");
  const { secretHash } = inFakeTime.keys.records.get(other.id) ?? {};
  if (secretHash !== undefined) inFakeTime.keys.change(id, { secretHash });
  await pass(maxDelayMs);
  expect(await verify(header)).toBe("SERVER_KEY_INVALID");
  expect(await verify(serverKeyHeader({ id, secret: other.secret }))).toBe("accepted");
});
