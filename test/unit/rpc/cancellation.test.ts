import { Code, ConnectError } from "@connectrpc/connect";
import { expect, test, vi } from "vitest";
import { Cancellation } from "../../../src/rpc/cancellation.ts";

const reason = new Error("left");

test("whoever waits is told once, and whoever comes later at once", () => {
  const cancellation = new Cancellation();
  const told: unknown[] = [];
  cancellation.onAbort((why) => told.push(why));
  expect(cancellation.aborted).toBe(false);
  cancellation.abort(reason);
  cancellation.abort(new Error("again"));
  cancellation.onAbort((why) => told.push(why));
  expect(told).toEqual([reason, reason]);
  expect(cancellation).toMatchObject({ aborted: true, reason });
  expect(() => cancellation.throwIfAborted()).toThrow(reason);
});

test("after its release nobody is told", () => {
  const cancellation = new Cancellation();
  const listener = vi.fn();
  cancellation.onAbort(listener);
  cancellation.release();
  cancellation.abort(reason);
  expect(listener).not.toHaveBeenCalled();
});

test("when its time is up it aborts with DeadlineExceeded", async () => {
  const cancellation = new Cancellation();
  cancellation.startTimer(1);
  const why = await new Promise((resolve) => cancellation.onAbort(resolve));
  expect(why).toBeInstanceOf(ConnectError);
  expect((why as ConnectError).code).toBe(Code.DeadlineExceeded);
});

test.each([
  ["before", true],
  ["after", false],
])("its signal aborts with it when asked for %s", (_, isFirst) => {
  const cancellation = new Cancellation();
  if (isFirst) expect(cancellation.signal.aborted).toBe(false);
  cancellation.abort(reason);
  expect(cancellation.signal.reason).toBe(reason);
  expect(cancellation.signal).toBe(cancellation.signal);
});

test("it follows a signal, also one that is aborted already", () => {
  const controller = new AbortController();
  const following = Cancellation.following(controller.signal);
  expect(following.aborted).toBe(false);
  controller.abort(reason);
  expect(following.reason).toBe(reason);
  expect(Cancellation.following(controller.signal).reason).toBe(reason);
});
