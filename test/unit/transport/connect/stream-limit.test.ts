import { expect, test } from "vitest";
import { createStreamLimit } from "../../../../src/transport/connect/stream-limit.ts";

const full = expect.objectContaining({ reason: "TOO_MANY_STREAMS" });

test("a connection has a limit, and gets a place when one of its streams ends", () => {
  const limit = createStreamLimit({ perConnection: 2, total: 10 });
  const [first, second] = [{}, {}];
  const end = limit.enter(first);
  limit.enter(first);
  expect(() => limit.enter(first)).toThrow(full);
  limit.enter(second);
  end();
  limit.enter(first);
  expect(() => limit.enter(first)).toThrow(full);
});

test("all connections together have a limit", () => {
  const limit = createStreamLimit({ perConnection: 2, total: 3 });
  const ends = [{}, {}, {}].map((connection) => limit.enter(connection));
  expect(() => limit.enter({})).toThrow(full);
  ends[1]?.();
  limit.enter({});
  expect(() => limit.enter({})).toThrow(full);
});
