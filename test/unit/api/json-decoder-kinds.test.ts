import type { JsonObject } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import { compileJsonDecoder } from "../../../src/api/json-decoder.ts";
import { faultOf } from "../../../src/api/violation.ts";
import type { FieldOptions } from "../support/proto.ts";
import { compileMessage, messageJson } from "../support/proto.ts";

const limits = { maxListEntries: 10, isRest: true };
const required = { string: { minLen: 1 } };
const limited = { type: "int32", code: 9, rules: { int32: { gte: 1, lte: 1_000 } } };
const inner = messageJson({
  name: "Inner",
  fields: { tag: { rules: required, code: 202 } },
});
const outer = messageJson({
  name: "Outer",
  fields: {
    inners: { type: "message", typeName: ".test.Inner", repeated: true, code: 201 },
  },
});
const toInner = { type: "message", typeName: ".test.Inner", code: 203 };
const toOuter = { type: "message", typeName: ".test.Outer", repeated: true, code: 204 };

function decoderOf(fields: Readonly<Record<string, FieldOptions>>) {
  return compileJsonDecoder(compileMessage({ fields }, [inner, outer]), limits);
}

const values: [name: string, field: FieldOptions, json: unknown, value: unknown][] = [
  ["a string", {}, "x", "x"],
  ["an absent string", {}, undefined, ""],
  ["a null string", {}, null, ""],
  ["an absent optional string", { optional: true }, undefined, undefined],
  ["an absent optional string with a rule", { optional: true, rules: required }, null, undefined],
  ["a bool", { type: "bool" }, "true", true],
  ["an absent bool", { type: "bool" }, undefined, false],
  ["a list of strings", { repeated: true }, ["a", "b"], ["a", "b"]],
  ["an absent list", { repeated: true }, null, []],
  ["a list of bools", { type: "bool", repeated: true }, [true, "false"], [true, false]],
  ["an int32", { type: "int32" }, -7, -7],
  ["the smallest int32", { type: "int32" }, -(2 ** 31), -(2 ** 31)],
  ["the largest int32", { type: "int32" }, 2 ** 31 - 1, 2 ** 31 - 1],
  ["an int32 with a decimal point", { type: "int32" }, JSON.parse("5.0"), 5],
  ["an absent int32", { type: "int32" }, undefined, 0],
  ["an absent optional int32", { type: "int32", optional: true }, undefined, undefined],
  ["a null optional int32 with a rule", { ...limited, optional: true }, null, undefined],
  ["an optional int32 of zero", { type: "int32", optional: true }, 0, 0],
  ["a list of int32", { type: "int32", repeated: true }, [1, 2], [1, 2]],
  ["an absent optional bool", { type: "bool", optional: true }, null, undefined],
  ["a required list that is empty", { repeated: true, requiredInJson: true }, [], []],
  ["a required list", { repeated: true, requiredInJson: true }, ["a"], ["a"]],
  ["an absent message", toInner, undefined, undefined],
  ["a null message", toInner, null, undefined],
];

test.each(values)("%s is read", (_, field, json, value) => {
  const { message } = decoderOf({ field })({ field: json });
  expect((message as unknown as Record<string, unknown>).field).toEqual(value);
});

test("a message is read under the JSON name that the proto declares", () => {
  const decode = decoderOf({ the_inner: { ...toInner, jsonName: "Inner" } });
  const { message } = decode({ Inner: { tag: "x" }, theInner: { tag: "y" } });
  expect(message).toMatchObject({ theInner: { $typeName: "test.Inner", tag: "x" } });
});

interface Rejection {
  readonly field: FieldOptions;
  readonly json: unknown;
  readonly path: string;
  readonly fieldCode: string;
  readonly message: string;
}

const rejections: Record<string, Rejection> = {
  "a field without a code": {
    field: { rules: required },
    json: "",
    path: "field",
    fieldCode: "",
    message: "Param 'field' is required",
  },
  "an optional string that is set but empty": {
    field: { optional: true, rules: required },
    json: "",
    path: "field",
    fieldCode: "",
    message: "Param 'field' is required",
  },
  "an entry of a list of strings of another type": {
    field: { repeated: true, code: 9 },
    json: ["a", 1],
    path: "field[1]",
    fieldCode: "9",
    message: "Param 'field' must be a string (field[1])",
  },
  "an entry of a list of strings that breaks its rule": {
    field: { repeated: true, code: 9, rules: { repeated: { items: required } } },
    json: ["a", ""],
    path: "field[1]",
    fieldCode: "9",
    message: "Param 'field' is required (field[1])",
  },
  "a null entry of a list of strings": {
    field: { repeated: true },
    json: [null],
    path: "field[0]",
    fieldCode: "",
    message: "Param 'field' must be a string (field[0])",
  },
  ...Object.fromEntries(
    ["5", "", true, 1.5, -0.1, 1e-9, Number.POSITIVE_INFINITY, [], [5], {}].map((json) => [
      `an int32 that is ${JSON.stringify(json)}`,
      {
        field: { type: "int32", code: 9 },
        json,
        path: "field",
        fieldCode: "9",
        message: "Param 'field' must be an integer",
      },
    ]),
  ),
  ...Object.fromEntries(
    [2 ** 31, -(2 ** 31) - 1, 2 ** 32 + 5, 1e300].map((json) => [
      `an int32 of ${json}`,
      {
        field: { type: "int32", code: 9 },
        json,
        path: "field",
        fieldCode: "9",
        message: "Param 'field' must be from -2,147,483,648 to 2,147,483,647",
      },
    ]),
  ),
  ...Object.fromEntries(
    [0, -1, 1_001, 2 ** 31, 2 ** 32 + 5].map((json) => [
      `an int32 of ${json}, outside the range of its rule`,
      {
        field: limited,
        json,
        path: "field",
        fieldCode: "9",
        message: "Param 'field' must be from 1 to 1,000",
      },
    ]),
  ),
  ...Object.fromEntries(
    [undefined, null].map((json) => [
      `a required list that is ${json}`,
      {
        field: { repeated: true, requiredInJson: true, code: 9 },
        json,
        path: "field",
        fieldCode: "9",
        message: "Param 'field' is required",
      },
    ]),
  ),
  "a required list of another type": {
    field: { repeated: true, requiredInJson: true, code: 9 },
    json: "",
    path: "field",
    fieldCode: "9",
    message: "Param 'field' must be a list",
  },
  "an entry of a list of int32 of another type": {
    field: { type: "int32", repeated: true, code: 9 },
    json: [1, "2"],
    path: "field[1]",
    fieldCode: "9",
    message: "Param 'field' must be an integer (field[1])",
  },
  "an entry of a list of int32 out of range": {
    field: { type: "int32", repeated: true, code: 9 },
    json: [1, 2 ** 31],
    path: "field[1]",
    fieldCode: "9",
    message: "Param 'field' must be from -2,147,483,648 to 2,147,483,647 (field[1])",
  },
  "a message of another type": {
    field: toInner,
    json: [],
    path: "field",
    fieldCode: "203",
    message: "Param 'field' must be an object",
  },
  "a field within a message": {
    field: toInner,
    json: {},
    path: "field.tag",
    fieldCode: "202",
    message: "Param 'tag' is required",
  },
  "a field within a list within a list, with the innermost entry in the message": {
    field: toOuter,
    json: [{}, { inners: [{ tag: "a" }, { tag: "b" }, { tag: 3 }] }],
    path: "field[1].inners[2].tag",
    fieldCode: "202",
    message: "Param 'tag' must be a string (inners[2])",
  },
  "a list within a list": {
    field: toOuter,
    json: [{ inners: 5 }],
    path: "field[0].inners",
    fieldCode: "201",
    message: "Param 'inners' must be a list (field[0])",
  },
};

test.each(Object.entries(rejections))(
  "%s is rejected",
  (_, { field, json, path, fieldCode, message }) => {
    const { violation } = decoderOf({ field })({ field: json });
    expect(violation && faultOf(violation)).toMatchObject({ message, at: { path, fieldCode } });
  },
);

const numbers = ["int64", "uint32", "uint64", "sint32", "fixed64", "float", "double"];
const unsupported: FieldOptions[] = [
  ...[...numbers, "bytes"].flatMap((type) => [{ type }, { type, repeated: true }]),
  { type: "enum", typeName: ".test.Colour" },
  { type: "enum", typeName: ".test.Colour", repeated: true },
];

describe("an unsupported feature is rejected when the decoder is compiled", () => {
  test.each(unsupported)("$type, as a list $repeated", (field) => {
    expect(() => decoderOf({ bad: field })).toThrow(/^test\.Request\.bad: .*support/);
  });

  test("a oneof", () => {
    const desc = compileMessage({
      fields: { bad: { oneofIndex: 0 } },
      oneofs: [{ name: "kind" }],
    });
    expect(() => compileJsonDecoder(desc, limits)).toThrow(/^test\.Request\.bad: .*support/);
  });

  test("a map", () => {
    const entry: JsonObject = {
      ...messageJson({ name: "BadEntry", fields: { key: {}, value: {} } }),
      options: { mapEntry: true },
    };
    const field = { type: "message", typeName: ".test.Request.BadEntry", repeated: true };
    const desc = compileMessage({ fields: { bad: field }, nested: [entry] });
    expect(() => compileJsonDecoder(desc, limits)).toThrow(/^test\.Request\.bad: .*support/);
  });

  test("required_in_json on a field that is not a list", () => {
    expect(() => decoderOf({ bad: { requiredInJson: true } })).toThrow(
      /^test\.Request\.bad: required_in_json is not supported/,
    );
  });

  test("a constraint on the message", () => {
    const oneof = [{ fields: ["a", "b"], required: true }];
    const options = { "[buf.validate.message]": { oneof } };
    const desc = compileMessage({ fields: { a: {}, b: {} }, options });
    expect(() => compileJsonDecoder(desc, limits)).toThrow(/^test\.Request: .*support/);
  });

  test("an unsupported constraint", () => {
    expect(() => decoderOf({ bad: { rules: { string: { email: true } } } })).toThrow(
      /^test\.Request\.bad: .*support/,
    );
  });
});

describe("in ProtoJSON", () => {
  const decodeProtoJson = (fields: Readonly<Record<string, FieldOptions>>) =>
    compileJsonDecoder(compileMessage({ fields }), { ...limits, isRest: false });

  test.each([
    ["5", 5],
    ["-5", -5],
    ["5.0", 5],
    ["1e2", 100],
    [5, 5],
  ])("the int32 %j is %d", (given, value) => {
    const { message } = decodeProtoJson({ field: { type: "int32" } })({ field: given });
    expect(message).toMatchObject({ field: value });
  });

  test.each(["", " 5", "5 ", "0x5", "5.5", "+5", "five", true, [5]])(
    "the int32 %j is a fault",
    (given) => {
      const { violation } = decodeProtoJson({ field: { type: "int32" } })({ field: given });
      expect(violation?.reason).toBe("PARAM_TYPE");
    },
  );

  test("a list that is required in JSON may be absent, because ProtoJSON omits empty lists", () => {
    const decode = decodeProtoJson({ field: { repeated: true, requiredInJson: true } });
    expect(decode({}).message).toMatchObject({ field: [] });
  });
});
