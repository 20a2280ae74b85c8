import type { JsonObject } from "@bufbuild/protobuf";
import { create } from "@bufbuild/protobuf";
import { createValidator } from "@bufbuild/protovalidate";
import { describe, expect, test } from "vitest";
import type { MessageRules } from "../../../src/api/message-rules.ts";
import { compileMessageRules } from "../../../src/api/message-rules.ts";
import { faultOf } from "../../../src/api/violation.ts";
import { nastyTexts } from "../support/nasty.ts";
import type { FieldOptions } from "../support/proto.ts";
import { compileMessage } from "../support/proto.ts";

const limits = { maxListEntries: 10_000 };

/** Constraints that the proto uses, and similar ones. Each has the same result as in protovalidate. */
const supported: [name: string, rules: JsonObject][] = [
  ["none", {}],
  ["string.min_len 0", { string: { minLen: 0 } }],
  ["string.min_len 1", { string: { minLen: 1 } }],
  ["string.max_len 1", { string: { maxLen: 1 } }],
  ["string.max_len 50", { string: { maxLen: 50 } }],
  ["string.not_contains NUL", { string: { notContains: "\0" } }],
  ["all of these", { string: { minLen: 1, maxLen: 50, notContains: "\0" } }],
];

describe.each(supported)("%s", (_, rules) => {
  test.each<[string, FieldOptions]>([
    ["a string", { rules }],
    ["an optional string", { rules, optional: true }],
    ["strings of a list", { rules: { repeated: { items: rules } }, repeated: true }],
  ])("has the same result as protovalidate for %s", (_, field) => {
    const desc = compileMessage({ fields: { text: field } });
    const findViolation = compileMessageRules(desc, limits);
    const validator = createValidator();
    for (const text of [undefined, ...nastyTexts]) {
      const value = field.repeated === true && text !== undefined ? ["a", text] : text;
      const message = create(desc, value === undefined ? {} : { text: value });
      const expected = validator.validate(desc, message).kind;
      const verdict = findViolation(message) === undefined ? "valid" : "invalid";
      expect({ text, verdict }).toEqual({ text, verdict: expected });
    }
  });
});

const ranges: [name: string, rules: JsonObject][] = [
  ["none", {}],
  ["int32.gte", { int32: { gte: -3 } }],
  ["int32.lte", { int32: { lte: 0 } }],
  ["int32.gte and int32.lte", { int32: { gte: 1, lte: 1_000 } }],
  ["int32.gte and int32.lte of one number", { int32: { gte: 5, lte: 5 } }],
];
const numbers = [-(2 ** 31), -4, -3, -1, 0, 1, 4, 5, 6, 999, 1_000, 1_001, 2 ** 31 - 1];

describe.each(ranges)("%s", (_, rules) => {
  test.each<[string, FieldOptions]>([
    ["a number", { type: "int32", rules }],
    ["an optional number", { type: "int32", rules, optional: true }],
    ["numbers of a list", { type: "int32", rules: { repeated: { items: rules } }, repeated: true }],
  ])("has the same result as protovalidate for %s", (_, field) => {
    const desc = compileMessage({ fields: { number: field } });
    const findViolation = compileMessageRules(desc, limits);
    const validator = createValidator();
    for (const number of [undefined, ...numbers]) {
      const value = field.repeated === true && number !== undefined ? [number] : number;
      const message = create(desc, value === undefined ? {} : { number: value });
      const expected = validator.validate(desc, message).kind;
      const verdict = findViolation(message) === undefined ? "valid" : "invalid";
      expect({ number, verdict }).toEqual({ number, verdict: expected });
    }
  });
});

test("the message for a number out of range contains the range, with separators of thousands", () => {
  const rules = { int32: { gte: -1_000, lte: 20_000 } };
  const desc = compileMessage({ fields: { number: { type: "int32", rules, code: 9 } } });
  const violation = compileMessageRules(desc, limits)(create(desc, { number: 20_001 }));
  expect(violation && faultOf(violation)).toMatchObject({
    reason: "PARAM_RANGE",
    message: "Param 'number' must be from -1,000 to 20,000",
    at: { path: "number", fieldCode: "9" },
  });
});

const lengths: [name: string, rules: JsonObject][] = [
  ["no rule", {}],
  ["repeated.min_items 0", { repeated: { minItems: 0 } }],
  ["repeated.min_items 1", { repeated: { minItems: 1 } }],
  ["repeated.max_items 2", { repeated: { maxItems: 2 } }],
  ["both", { repeated: { minItems: 1, maxItems: 2 } }],
];

test.each(lengths)("%s has the same result as protovalidate for a list", (_, rules) => {
  const desc = compileMessage({ fields: { list: { rules, repeated: true } } });
  const findViolation = compileMessageRules(desc, limits);
  for (const list of [[], ["a"], ["a", "b"], ["a", "b", "c"]]) {
    const message = create(desc, { list });
    const expected = createValidator().validate(desc, message).kind;
    const verdict = findViolation(message) === undefined ? "valid" : "invalid";
    expect({ list, verdict }).toEqual({ list, verdict: expected });
  }
});

/** Edge cases: Kith either has the same result as protovalidate or rejects the rule. It never ignores it. */
const edges: [name: string, field: FieldOptions, values: unknown[]][] = [
  ["string.max_len 0", { rules: { string: { maxLen: 0 } } }, ["", "a"]],
  ["string.not_contains of nothing", { rules: { string: { notContains: "" } } }, ["", "a"]],
  ["repeated.max_items 0", { rules: { repeated: { maxItems: 0 } }, repeated: true }, [[], ["a"]]],
];

test.each(edges)("%s is applied or rejected, not ignored", (_, field, values) => {
  const desc = compileMessage({ fields: { bad: field } });
  let findViolation: MessageRules;
  try {
    findViolation = compileMessageRules(desc, limits);
  } catch (error) {
    expect(String(error)).toContain("test.Request.bad");
    return;
  }
  for (const value of values) {
    const message = create(desc, { bad: value });
    const expected = createValidator().validate(desc, message).kind;
    const verdict = findViolation(message) === undefined ? "valid" : "invalid";
    expect({ value, verdict }).toEqual({ value, verdict: expected });
  }
});
