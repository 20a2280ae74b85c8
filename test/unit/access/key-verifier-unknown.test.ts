import { expect, test } from "vitest";
import { serverKeyHeader } from "../../../src/access/server-key.ts";
import { fault } from "../../../src/errors.ts";
import { reasonOf } from "../support/reason.ts";
import { verifyInFakeTime } from "../support/verify.ts";

/** An unknown id may be rejected for this long without a new look-up. */
const unknownMs = 2_000;

const inFakeTime = verifyInFakeTime();
const { pass, verify } = inFakeTime;

test("an unknown id is not looked up again until its cache entry expires", async () => {
  const header = serverKeyHeader({ id: "nobody", secret: "x" });
  expect(await verify(header)).toBe("SERVER_KEY_INVALID");
  for (let waited = 0; waited < unknownMs - 100; waited += 100) {
    expect(await verify(header)).toBe("SERVER_KEY_INVALID");
    await pass(100);
  }
  expect(inFakeTime.keys.lookUps).toHaveLength(1);
  await pass(unknownMs);
  expect(await verify(header)).toBe("SERVER_KEY_INVALID");
  expect(inFakeTime.keys.lookUps).toHaveLength(2);
});

test("a key that is created after its first look-up is found when the cache entry expires", async () => {
  const { id, header } = inFakeTime.keys.add();
  const record = inFakeTime.keys.records.get(id);
  inFakeTime.keys.records.delete(id);
  expect(await verify(header)).toBe("SERVER_KEY_INVALID");
  if (record !== undefined) inFakeTime.keys.records.set(id, record);
  await pass(unknownMs);
  expect(await verify(header)).toBe("accepted");
});

test("a failed look-up is not treated as an unknown id", async () => {
  const { header } = inFakeTime.keys.add();
  inFakeTime.keys.failure = fault("DATABASE_UNAVAILABLE");
  expect(await verify(header)).toBe("DATABASE_UNAVAILABLE");
  inFakeTime.keys.failure = undefined;
  expect(await verify(header)).toBe("accepted");
});

test("unknown ids are rejected even if the cache cannot hold all of them", async () => {
  const { header } = inFakeTime.keys.add();
  const headers = Array.from({ length: 25_000 }, (_, n) =>
    serverKeyHeader({ id: `nobody-${n}`, secret: "x" }),
  );
  const flood = Promise.all(
    headers.map((unknown) => reasonOf(() => inFakeTime.verifier.verify(unknown))),
  );
  await pass(1_000);
  expect(new Set(await flood)).toEqual(new Set(["SERVER_KEY_INVALID"]));
  expect(await verify(header)).toBe("accepted");
  expect(inFakeTime.keys.lookUps.length).toBeLessThanOrEqual(30);
});
