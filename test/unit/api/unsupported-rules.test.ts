import type { JsonObject } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { compileMessageRules } from "../../../src/api/message-rules.ts";
import type { FieldOptions } from "../support/proto.ts";
import { compileMessage, messageJson } from "../support/proto.ts";

const limits = { maxListEntries: 10_000 };

const entry = messageJson({ name: "Entry", fields: { id: { rules: { string: { minLen: 1 } } } } });
const cel = { id: "x", message: "x", expression: "true" };

/** Unsupported constraints. Each must be rejected when the rules are compiled. */
const unsupported: [name: string, field: FieldOptions][] = [
  ["required", { rules: { required: true } }],
  ["ignore", { rules: { ignore: "IGNORE_IF_ZERO_VALUE", string: { minLen: 1 } } }],
  ["cel", { rules: { cel: [cel] } }],
  ["cel_expression", { rules: { celExpression: ["true"] } }],
  ["string.min_len above 1", { rules: { string: { minLen: 2 } } }],
  ["string.len", { rules: { string: { len: 3 } } }],
  ["string.min_bytes", { rules: { string: { minBytes: 1 } } }],
  ["string.max_bytes", { rules: { string: { maxBytes: 1 } } }],
  ["string.const", { rules: { string: { const: "a" } } }],
  ["string.in", { rules: { string: { in: ["a"] } } }],
  ["string.not_in", { rules: { string: { notIn: ["a"] } } }],
  ["string.pattern", { rules: { string: { pattern: "^a$" } } }],
  ["string.prefix", { rules: { string: { prefix: "a" } } }],
  ["string.contains", { rules: { string: { contains: "a" } } }],
  ["string.not_contains of a letter", { rules: { string: { notContains: "a" } } }],
  ["string.email", { rules: { string: { email: true } } }],
  ["string.uuid", { rules: { string: { uuid: true } } }],
  ["bool.const", { type: "bool", rules: { bool: { const: true } } }],
  ["int32.gt", { type: "int32", rules: { int32: { gt: 0 } } }],
  ["int32.lt", { type: "int32", rules: { int32: { lt: 9 } } }],
  ["int32.gt beside int32.lte", { type: "int32", rules: { int32: { gt: 0, lte: 9 } } }],
  ["int32.gte above int32.lte", { type: "int32", rules: { int32: { gte: 9, lte: 1 } } }],
  ["int32.const", { type: "int32", rules: { int32: { const: 1 } } }],
  ["int32.in", { type: "int32", rules: { int32: { in: [1] } } }],
  ["required of an int32", { type: "int32", rules: { required: true, int32: { gte: 1 } } }],
  ["int64.gte", { type: "int64", rules: { int64: { gte: "1" } } }],
  ["int32 rules on a string", { rules: { int32: { gte: 1 } } }],
  ["string rules on an int32", { type: "int32", rules: { string: { minLen: 1 } } }],
  ["bytes.min_len", { type: "bytes", rules: { bytes: { minLen: 1 } } }],
  [
    "enum.defined_only",
    { type: "enum", typeName: ".test.Colour", rules: { enum: { definedOnly: true } } },
  ],
  ["repeated.min_items above 1", { repeated: true, rules: { repeated: { minItems: 2 } } }],
  ["repeated.unique", { repeated: true, rules: { repeated: { unique: true } } }],
  [
    "string.pattern of items",
    { repeated: true, rules: { repeated: { items: { string: { pattern: "a" } } } } },
  ],
  ["cel of items", { repeated: true, rules: { repeated: { items: { cel: [cel] } } } }],
  [
    "ignore of items",
    {
      repeated: true,
      rules: { repeated: { items: { ignore: "IGNORE_ALWAYS", string: { minLen: 1 } } } },
    },
  ],
  [
    "int32 of items",
    { type: "int32", repeated: true, rules: { repeated: { items: { int32: { gt: 0 } } } } },
  ],
  [
    "cel of message items",
    {
      type: "message",
      typeName: ".test.Entry",
      repeated: true,
      rules: { repeated: { items: { cel: [cel] } } },
    },
  ],
  [
    "required of a message",
    { type: "message", typeName: ".test.Entry", rules: { required: true } },
  ],
  ["string rules on a bool", { type: "bool", rules: { string: { minLen: 1 } } }],
  ["string rules on a list", { repeated: true, rules: { string: { minLen: 1 } } }],
  ["list rules on a string", { rules: { repeated: { minItems: 1 } } }],
];

test.each(unsupported)(
  "%s is rejected with the field's name when the rules are compiled",
  (_, field) => {
    const desc = compileMessage({ fields: { good: {}, bad: field } }, [entry]);
    expect(() => compileMessageRules(desc, limits)).toThrow("test.Request.bad");
  },
);

test("a constraint in an inner message is found", () => {
  const inner = messageJson({ name: "Inner", fields: { bad: { rules: { string: { len: 3 } } } } });
  const field = { type: "message", typeName: ".test.Inner", repeated: true };
  const desc = compileMessage({ fields: { list: field } }, [inner]);
  expect(() => compileMessageRules(desc, limits)).toThrow("test.Inner.bad");
});

test.each<[string, JsonObject]>([
  ["cel", { cel: [cel] }],
  ["cel_expression", { celExpression: ["true"] }],
  ["oneof", { oneof: [{ fields: ["a", "b"], required: true }] }],
])("%s of a message is rejected when the rules are compiled", (_, rules) => {
  const options = { "[buf.validate.message]": rules };
  const desc = compileMessage({ fields: { a: {}, b: {} }, options });
  expect(() => compileMessageRules(desc, limits)).toThrow("test.Request");
});

test("a map of messages with rules is rejected when the rules are compiled", () => {
  const mapEntry = {
    ...messageJson({
      name: "ByIdEntry",
      fields: { key: {}, value: { type: "message", typeName: ".test.Entry" } },
    }),
    options: { mapEntry: true },
  };
  const field = { type: "message", typeName: ".test.Request.ByIdEntry", repeated: true };
  const desc = compileMessage({ fields: { by_id: field }, nested: [mapEntry] }, [entry]);
  expect(desc.fields[0]?.fieldKind).toBe("map");
  expect(() => compileMessageRules(desc, limits)).toThrow("test.Request.by_id");
});

test("a required oneof is rejected when the rules are compiled", () => {
  const oneofs = [{ name: "kind", options: { "[buf.validate.oneof]": { required: true } } }];
  const desc = compileMessage({ fields: { a: { oneofIndex: 0 }, b: { oneofIndex: 0 } }, oneofs });
  expect(() => compileMessageRules(desc, limits)).toThrow("test.Request");
});
