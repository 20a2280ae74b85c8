import { expect, test } from "vitest";
import { Cancellation } from "../../../src/api/cancellation.ts";
import type { StoreOptions } from "../../../src/contact/contact-store.ts";
import { fault } from "../../../src/errors.ts";
import { createSharedReads } from "../../../src/storage/shared-reads.ts";

interface Started {
  readonly shared: StoreOptions;
  readonly end: (result: string) => void;
  readonly fail: (error: Error) => void;
}

function open() {
  const share = createSharedReads<string>();
  const started: Started[] = [];
  function call(key = "list", timeLeftMs = 1_000) {
    const signal = new Cancellation();
    const result = share(key, { signal, timeLeftMs: () => timeLeftMs }, (shared) => {
      const { promise, resolve, reject } = Promise.withResolvers<string>();
      started.push({ shared, end: resolve, fail: reject });
      return promise;
    });
    return { signal, result };
  }
  /** The read that began as number `n`, when it has begun. */
  async function read(n: number): Promise<Started> {
    await new Promise(setImmediate);
    const found = started[n];
    if (found === undefined) throw new Error(`only ${started.length} reads have begun`);
    return found;
  }
  return { call, read, started };
}

test("calls during a read share the next one", async () => {
  const { call, read, started } = open();
  const first = call();
  const others = [call(), call(), call()];
  expect(started).toHaveLength(1);
  (await read(0)).end("before");
  (await read(1)).end("after");
  expect(await first.result).toBe("before");
  expect(await Promise.all(others.map(({ result }) => result))).toEqual([
    "after",
    "after",
    "after",
  ]);
  expect(started).toHaveLength(2);
  const last = call();
  (await read(2)).end("last");
  expect(await last.result).toBe("last");
});

test("reads with other keys do not wait", async () => {
  const { call, started } = open();
  call("one");
  call("two");
  expect(started).toHaveLength(2);
});

test("the next read begins even if one fails, and has its own result", async () => {
  const { call, read } = open();
  const first = call();
  const second = call();
  (await read(0)).fail(new Error("lost"));
  await expect(first.result).rejects.toThrow("lost");
  (await read(1)).end("found");
  expect(await second.result).toBe("found");
});

test("a shared read is cancelled if all its callers are, and has the longest time of them", async () => {
  const { call, read } = open();
  call();
  const [one, two] = [call("list", 10), call("list", 500)];
  (await read(0)).end("before");
  const { shared, end } = await read(1);
  expect(shared.timeLeftMs?.()).toBe(500);
  const reason = fault("CANCELLED");
  one.signal.abort(reason);
  expect(shared.signal.aborted).toBe(false);
  shared.signal.throwIfAborted();
  two.signal.abort(reason);
  expect(shared.signal.aborted).toBe(true);
  expect(() => shared.signal.throwIfAborted()).toThrow(reason);
  end("too late");
});
