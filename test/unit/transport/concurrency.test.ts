import { describe, expect, test } from "vitest";
import type { ConcurrencyOptions } from "../../../src/transport/concurrency.ts";
import { createConcurrency } from "../../../src/transport/concurrency.ts";

/** Lets intervals of 100 ms pass, in which `throughput` calls per second end. */
function start(options: Partial<ConcurrencyOptions> = {}) {
  let at = 0;
  let ended = 0;
  const concurrency = createConcurrency({
    leastCalls: 256,
    maxDelayMs: 50,
    perConnection: { least: 4, most: 100 },
    now: () => at,
    ...options,
  });
  return (inFlight: number, connections: number, throughput: number): number => {
    at += 100;
    ended += throughput / 10;
    return concurrency({ inFlight, ended }, connections);
  };
}

describe("the calls of a connection", () => {
  test("have the highest limit while few are in flight, whatever they take", () => {
    const next = start();
    for (let n = 0; n < 10; n += 1) expect(next(256, 64, 0)).toBe(100);
  });

  test("are not limited while the throughput is high enough for them", () => {
    const next = start();
    expect(next(0, 16, 20_000)).toBe(100);
    expect(next(1_000, 16, 20_000)).toBe(100);
    expect(next(1_001, 16, 20_000)).toBe(62);
  });

  test("share what the service does in the longest delay", () => {
    const next = start();
    expect(next(6_400, 64, 10_000)).toBe(7);
    // Clients that had more in flight open no new calls, and the limit stays.
    expect(next(448, 64, 10_000)).toBe(7);
  });

  test("are never limited to fewer than the least", () => {
    const next = start();
    expect(next(6_400, 1_000, 100)).toBe(4);
  });

  test("get more when the throughput rises", () => {
    const next = start();
    expect(next(6_400, 16, 8_000)).toBe(25);
    expect(next(400, 16, 12_000)).toBe(37);
  });

  test("keep their limit if it would change little", () => {
    const next = start();
    expect(next(6_400, 16, 8_000)).toBe(25);
    expect(next(400, 16, 9_000)).toBe(25);
    expect(next(451, 16, 8_000)).toBe(25);
  });

  test("keep their limit when a joined transaction has just ended", () => {
    const next = start();
    expect(next(6_400, 16, 8_000)).toBe(25);
    for (let n = 0; n < 10; n += 1) next(400, 16, 8_000);
    expect(next(0, 16, 8_000)).toBe(25);
  });

  test("get the highest limit back within two seconds when fewer are in flight", () => {
    const next = start();
    expect(next(256 * 25, 64, 1_000)).toBe(4);
    let intervals = 1;
    while (next(20, 64, 1_000) < 100) intervals += 1;
    expect(intervals).toBeLessThan(20);
  });
});
