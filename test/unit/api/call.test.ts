import { expect, test } from "vitest";
import { Call } from "../../../src/api/call.ts";
import { errors, fault } from "../../../src/errors.ts";

const options = { method: "contact.v1.ContactService/SyncContacts", protocol: "rest" } as const;

const kept = ["a", "req-1", "0b7c:1/2+3=@x.y_z", "x".repeat(128)];

test.each(kept)("the caller's request id %j is kept", (requestId) => {
  expect(new Call({ ...options, headers: { "x-request-id": requestId } }).requestId).toBe(
    requestId,
  );
});

const replaced: [name: string, requestId: string | string[] | undefined][] = [
  ["absent", undefined],
  ["empty", ""],
  ["too long", "x".repeat(129)],
  ["with a line break", "a\nb"],
  ["with a line break at the end", "a\n"],
  ["with a space", "a b"],
  ["with a quote", 'a"b'],
  ["with a letter outside ASCII", "é"],
  ["sent twice", ["a", "b"]],
];

test.each(replaced)("a request id that is %s is replaced", (_, requestId) => {
  expect(new Call({ ...options, headers: { "x-request-id": requestId } }).requestId).toMatch(
    /^[0-9a-f]{12}-[0-9a-z]+$/,
  );
});

test("each call gets a different id", () => {
  const ids = Array.from({ length: 1_000 }, () => new Call(options).requestId);
  expect(new Set(ids).size).toBe(1_000);
});

test("a call with a timeout of zero is cancelled from the start", () => {
  const call = new Call({ ...options, timeoutMs: 0 });
  expect(call.cancellation.reason).toMatchObject({ reason: "DEADLINE_EXCEEDED" });
});

test("a call without a timeout has no deadline", () => {
  expect(new Call(options).timeLeftMs()).toBe(Infinity);
});

test.each([
  ["an Error", new Error("secret")],
  ["a string", "secret"],
])("a call that fails with %s ends with INTERNAL, and only the cause has its text", (_, thrown) => {
  const call = new Call(options);
  expect(call.fail(thrown)).toMatchObject({ reason: "INTERNAL", cause: thrown });
  expect(call.fault?.message).toBe(errors.INTERNAL.message);
});

test("a call ends with the first error that it fails with", () => {
  const call = new Call(options);
  const first = fault("OVERLOADED");
  expect(call.fail(first)).toBe(first);
  expect(call.fail(new Error("later"))).toBe(first);
  expect(call.fault).toBe(first);
});
