import type { DescField, DescMessage, Message } from "@bufbuild/protobuf";
import { create, ScalarType, toBinary, toJsonString } from "@bufbuild/protobuf";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compileBinaryWriter } from "../../../src/api/binary-writer.ts";
import { compileJsonWriter } from "../../../src/api/json-writer.ts";
import { ContactService } from "../../../src/gen/contact/v1/contact_service_pb.ts";
import { Health } from "../../../src/gen/grpc/health/v1/health_pb.ts";
import type { FieldOptions } from "../support/proto.ts";
import { compileMessage, messageJson } from "../support/proto.ts";

const text = fc.oneof(
  fc.constantFrom("", "alice", '"', "\\", "\u0000", "\u007f", "\u0080", "\u2028", "\u{1f600}"),
  fc.string({ maxLength: 200 }),
  fc.string({ unit: "binary", maxLength: 100 }),
  fc.nat(20_000).map((length) => "x\u00e9".repeat(length)),
);
const int32 = fc.oneof(
  fc.constantFrom(0, 1, 127, 128),
  fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
);
const int64 = fc.oneof(
  fc.constantFrom(0n, 127n, 128n, 2n ** 53n, 2n ** 63n - 1n, -(2n ** 63n)),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
);
const time = fc.oneof(
  fc.record({
    seconds: fc.constantFrom(1_767_323_045n, 1_767_323_046n, 0n, -1n, 253_402_300_799n),
    nanos: fc.constantFrom(0, 1, 1_000, 123_456_000, 120_000_000, 999_999_999),
  }),
  fc.record({
    seconds: fc.bigInt({ min: -62_135_596_800n, max: 253_402_300_799n }),
    nanos: fc.nat(999_999_999),
  }),
);
const list = <T>(of: fc.Arbitrary<T>) => fc.array(of, { maxLength: 300 });

const everyField: Record<string, { field: FieldOptions; values: fc.Arbitrary<unknown> }> = {
  some_text: { field: {}, values: text },
  maybe_text: { field: { optional: true }, values: fc.option(text, { nil: undefined }) },
  texts: { field: { repeated: true }, values: list(text) },
  some_bool: { field: { type: "bool" }, values: fc.boolean() },
  maybe_bool: {
    field: { type: "bool", optional: true },
    values: fc.option(fc.boolean(), { nil: undefined }),
  },
  bools: { field: { type: "bool", repeated: true }, values: list(fc.boolean()) },
  some_small: { field: { type: "int32" }, values: int32 },
  maybe_small: {
    field: { type: "int32", optional: true },
    values: fc.option(int32, { nil: undefined }),
  },
  smalls: { field: { type: "int32", repeated: true }, values: list(int32) },
  some_large: { field: { type: "int64", jsonName: "LARGE" }, values: int64 },
  larges: { field: { type: "int64", repeated: true }, values: list(int64) },
  colour: {
    field: { type: "enum", typeName: ".test.Colour" },
    values: fc.constantFrom(0, 1, 2, 77),
  },
  colours: {
    field: { type: "enum", typeName: ".test.Colour", repeated: true },
    values: list(fc.constantFrom(0, 1, 2, 77)),
  },
  entry: {
    field: { type: "message", typeName: ".test.Entry" },
    values: fc.option(fc.record({ id: text, tags: list(text) }), { nil: undefined }),
  },
  entries: {
    field: { type: "message", typeName: ".test.Entry", repeated: true },
    values: list(fc.record({ id: text, tags: list(text) })),
  },
};
const desc = compileMessage(
  {
    fields: Object.fromEntries(
      Object.entries(everyField).map(([name, { field }]) => [name, field]),
    ),
  },
  [messageJson({ name: "Entry", fields: { id: {}, tags: { repeated: true } } })],
);
const localNames = desc.fields.map(({ localName }) => localName);
const anyMessage = fc
  .tuple(...Object.values(everyField).map(({ values }) => values))
  .map((values) =>
    create(desc, Object.fromEntries(values.map((value, n) => [localNames[n], value]))),
  );

/** Compares what the writers write with what the library writes, byte for byte. */
function expectSame(type: DescMessage, message: Message): void {
  const bytes = compileBinaryWriter(type)(message, 5).subarray(5);
  expect(bytes.equals(toBinary(type, message)), "protobuf").toBe(true);
  const json = compileJsonWriter(type, { isRest: false })(message);
  expect(json === toJsonString(type, message), "JSON").toBe(true);
}

test("messages of every kind of field are those of the library", () => {
  fc.assert(
    fc.property(anyMessage, (message) => expectSame(desc, message)),
    { numRuns: 300 },
  );
});

test("one writer writes one message after another", () => {
  const write = compileBinaryWriter(desc);
  fc.assert(
    fc.property(fc.array(anyMessage, { maxLength: 5 }), (messages) => {
      const written = messages.map((message) => write(message, 0));
      expect(written.map((bytes) => bytes.toString("hex"))).toEqual(
        messages.map((message) => Buffer.from(toBinary(desc, message)).toString("hex")),
      );
    }),
    { numRuns: 30 },
  );
});

const scalars: Partial<Record<ScalarType, fc.Arbitrary<unknown>>> = {
  [ScalarType.STRING]: text,
  [ScalarType.BOOL]: fc.boolean(),
  [ScalarType.INT64]: int64,
};

/** Any values of the fields of a response of the contract. */
function anyOf(type: DescMessage): fc.Arbitrary<Record<string, unknown>> {
  return fc.record(
    Object.fromEntries(
      type.fields.map((field) => {
        const single = anyValueOf(field);
        return [field.localName, field.fieldKind === "list" ? list(single) : single];
      }),
    ),
  );
}

function anyValueOf({ name, message, enum: enumType, scalar }: DescField): fc.Arbitrary<unknown> {
  if (message?.typeName === "google.protobuf.Timestamp") return fc.option(time, { nil: undefined });
  if (message !== undefined) return anyOf(message);
  const values = enumType === undefined ? scalars[scalar as ScalarType] : fc.nat(6);
  if (values === undefined) throw new Error(`no values for ${name}`);
  return values;
}

describe.each(ContactService.methods.map(({ name, output }) => ({ name, output })))(
  "$name",
  ({ output }) => {
    test("its responses are those of the library", () => {
      fc.assert(
        fc.property(anyOf(output), (fields) => expectSame(output, create(output, fields))),
        { numRuns: 50 },
      );
    });
  },
);

test("protobuf with a map is left to the library", () => {
  const { output } = Health.method.list;
  const message = create(output, { statuses: { "": { status: 1 }, a: { status: 2 } } });
  const bytes = compileBinaryWriter(output)(message, 5).subarray(5);
  expect(bytes.equals(toBinary(output, message))).toBe(true);
  expect(() => compileJsonWriter(output, { isRest: false })).toThrow(/map.*not supported/);
});
