import { expect, test, vi } from "vitest";
import { Cancellation } from "../../../src/api/cancellation.ts";
import { fault } from "../../../src/errors.ts";

const reason = fault("CANCELLED");

test("each listener is called once with the first reason, and a late listener immediately", () => {
  const cancellation = new Cancellation();
  const received: unknown[] = [];
  cancellation.onAbort((why) => received.push(why));
  expect(cancellation.aborted).toBe(false);
  cancellation.abort(reason);
  cancellation.abort(fault("INTERNAL"));
  cancellation.onAbort((why) => received.push(why));
  expect(received).toEqual([reason, reason]);
  expect(cancellation).toMatchObject({ aborted: true, reason });
  expect(() => cancellation.throwIfAborted()).toThrow(reason);
});

test("a listener is not called after its removal", () => {
  const cancellation = new Cancellation();
  const listener = vi.fn();
  cancellation.onAbort(listener);
  cancellation.release();
  cancellation.abort(reason);
  expect(listener).not.toHaveBeenCalled();
});

test.each([
  ["before", true],
  ["after", false],
])("a signal that is first read %s the cancellation is aborted with the reason", (_, isFirst) => {
  const cancellation = new Cancellation();
  if (isFirst) expect(cancellation.signal.aborted).toBe(false);
  cancellation.abort(reason);
  expect(cancellation.signal.reason).toBe(reason);
  expect(cancellation.signal).toBe(cancellation.signal);
});
