import { expect, test } from "vitest";
import { createCall } from "../../../src/rpc/call.ts";

const options = { method: "contact.v1.ContactService/SyncContacts", protocol: "rest" };

const kept = ["a", "req-1", "0b7c:1/2+3=@x.y_z", "x".repeat(128)];

test.each(kept)("the caller's request id %j is kept", (requestId) => {
  expect(createCall({ ...options, requestId }).requestId).toBe(requestId);
});

const replaced: [name: string, requestId: string | string[] | undefined][] = [
  ["absent", undefined],
  ["empty", ""],
  ["long", "x".repeat(129)],
  ["with a line break", "a\nb"],
  ["ending in a line break", "a\n"],
  ["with a space", "a b"],
  ["with a quote", 'a"b'],
  ["with letters outside ASCII", "é"],
  ["given twice", ["a", "b"]],
];

test.each(replaced)("a request id that is %s is replaced", (_, requestId) => {
  expect(createCall({ ...options, requestId }).requestId).toMatch(/^[0-9a-f]{12}-[0-9a-z]+$/);
});

test("no two calls are given the same id", () => {
  const ids = Array.from({ length: 1_000 }, () => createCall(options).requestId);
  expect(new Set(ids).size).toBe(1_000);
});
