import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createStrangers } from "../../../src/transport/strangers.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function strangersOf(limits: Partial<Parameters<typeof createStrangers>[0]>) {
  const events: string[] = [];
  const strangers = createStrangers({
    maxConnections: 10,
    maxAgeMs: 5_000,
    idleMs: 1_000,
    ...limits,
  });
  const connections = new Map<string, object>();
  return {
    events,
    strangers,
    connection: (name: string) => connections.get(name) ?? {},
    add(name: string) {
      const connection = {};
      connections.set(name, connection);
      strangers.add(connection, {
        close: () => events.push(`${name} is closed`),
        recognize: () => events.push(`${name} is recognized`),
      });
    },
  };
}

test("the oldest connection is closed when there are too many", () => {
  const { add, events } = strangersOf({ maxConnections: 2 });
  for (const name of ["a", "b", "c", "d"]) add(name);
  expect(events).toEqual(["a is closed", "b is closed"]);
});

test("connections with a valid call, and closed ones, do not count", () => {
  const { add, events, strangers, connection } = strangersOf({ maxConnections: 2 });
  for (const name of ["a", "b"]) add(name);
  strangers.recognize(connection("a"));
  strangers.recognize(connection("a"));
  strangers.delete(connection("b"));
  for (const name of ["c", "d"]) add(name);
  vi.advanceTimersByTime(60_000);
  expect(events).toEqual(["a is recognized", "c is closed", "d is closed"]);
});

test("a connection without a valid call is closed at its age", () => {
  const { add, events } = strangersOf({});
  add("a");
  vi.advanceTimersByTime(3_000);
  add("b");
  vi.advanceTimersByTime(1_999);
  expect(events).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(events).toEqual(["a is closed"]);
  vi.advanceTimersByTime(3_000);
  expect(events).toEqual(["a is closed", "b is closed"]);
});
