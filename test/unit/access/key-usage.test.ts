import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { KeyUses } from "../../../src/access/key-store.ts";
import type { KeyUsage } from "../../../src/access/key-usage.ts";
import { createKeyUsage } from "../../../src/access/key-usage.ts";
import { createKeyVerifier } from "../../../src/access/key-verifier.ts";
import { serverKeyHeader } from "../../../src/access/server-key.ts";
import { createFakeKeys } from "../support/fake-keys.ts";
import { reasonOf } from "../support/reason.ts";

let writes: KeyUses[];
let errors: unknown[];
let failure: Error | undefined;
let usage: KeyUsage;
beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance", "Date"], now: 0 });
  writes = [];
  errors = [];
  failure = undefined;
  usage = createKeyUsage({
    keys: {
      async recordUses(uses) {
        writes.push(uses);
        if (failure !== undefined) throw failure;
      },
    },
    onError: (error) => errors.push(error),
  });
});
afterEach(() => {
  vi.useRealTimers();
});

const written = () => writes.map((uses) => [...uses].map(([id, at]) => [id, at.getTime()]));
const wait = (ms: number) => vi.advanceTimersByTimeAsync(ms);

test("the first use is written after a second, with the time of the last one", async () => {
  usage.note("a");
  await wait(400);
  usage.note("a");
  usage.note("b");
  await wait(599);
  expect(written()).toEqual([]);
  await wait(1);
  expect(written()).toEqual([
    [
      ["a", 400],
      ["b", 400],
    ],
  ]);
});

test("however often keys are used, there is one write a minute", async () => {
  for (let second = 0; second < 600; second++) {
    usage.note("a");
    usage.note(`b${second % 5}`);
    await wait(1_000);
  }
  expect(writes).toHaveLength(10);
  for (const uses of writes.slice(1)) expect(uses.size).toBe(6);
});

test("without uses nothing is written", async () => {
  usage.note("a");
  await wait(3_600_000);
  expect(writes).toHaveLength(1);
});

test("the keys of one write are limited", async () => {
  for (let n = 0; n < 10_005; n++) usage.note(`key ${n}`);
  await wait(1_000);
  expect(writes[0]?.size).toBe(10_000);
});

test("a failed write is dropped, and the first of several in a row is reported", async () => {
  failure = new Error("away");
  for (let minute = 0; minute < 3; minute++) {
    usage.note("a");
    await wait(60_000);
  }
  expect(writes).toHaveLength(3);
  expect(errors).toEqual([failure]);
  failure = undefined;
  usage.note("b");
  await wait(60_000);
  expect(written().at(-1)).toEqual([["b", 180_000]]);
  failure = new Error("away again");
  usage.note("b");
  await wait(60_000);
  expect(errors).toHaveLength(2);
});

test("after the stop nothing is written", async () => {
  usage.note("a");
  usage.stop();
  usage.note("b");
  await wait(3_600_000);
  expect(writes).toEqual([]);
});

test("the verifier reports accepted keys, and no others", async () => {
  const keys = createFakeKeys();
  const accepted: string[] = [];
  const verifier = createKeyVerifier({ keys, onAccept: (id) => accepted.push(id) });
  const good = keys.add();
  const rejected = [
    serverKeyHeader({ id: good.id, secret: "wrong" }),
    keys.add({ revokedAt: new Date(0) }).header,
    keys.add({ expiresAt: new Date(0) }).header,
  ];
  vi.useRealTimers();
  for (const header of rejected) {
    expect(await reasonOf(() => verifier.verify(header))).not.toBe("accepted");
  }
  for (let n = 0; n < 2; n++) await verifier.verify(good.header);
  expect(accepted).toEqual([good.id, good.id]);
});
