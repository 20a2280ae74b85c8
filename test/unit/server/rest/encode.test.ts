import { create, toJson } from "@bufbuild/protobuf";
import fc from "fast-check";
import { expect, test } from "vitest";
import { SyncContactsResponseSchema } from "../../../../src/gen/contact/v1/contact_service_pb.ts";
import { compileEncoder } from "../../../../src/server/rest/encode.ts";
import type { FieldOptions } from "../../support/proto.ts";
import { compileMessage } from "../../support/proto.ts";

const encode = compileEncoder(SyncContactsResponseSchema);

const counts: [inserted: bigint, deleted: bigint, json: string][] = [
  [3n, 1n, '{"countInserted":3,"countDeleted":1}'],
  [0n, 0n, '{"countInserted":0,"countDeleted":0}'],
  [10_000n, 0n, '{"countInserted":10000,"countDeleted":0}'],
  [
    BigInt(Number.MAX_SAFE_INTEGER),
    0n,
    `{"countInserted":${Number.MAX_SAFE_INTEGER},"countDeleted":0}`,
  ],
];

test.each(counts)(
  "counts %s and %s are JSON numbers, zeros too",
  (countInserted, countDeleted, json) => {
    const message = create(SyncContactsResponseSchema, { countInserted, countDeleted });
    expect(JSON.stringify(encode(message))).toBe(json);
  },
);

test("an answer that says nothing has zeros", () => {
  const message = create(SyncContactsResponseSchema);
  expect(encode(message)).toEqual({ countInserted: 0, countDeleted: 0 });
});

test("an answer is what protobuf makes of it, but for 64-bit numbers", () => {
  const desc = compileMessage({
    fields: {
      some_text: {},
      other_text: { jsonName: "OTHER" },
      is_so: { type: "bool" },
      small: { type: "int32" },
      large: { type: "int64" },
    },
  });
  const values = fc.record({
    someText: fc.string({ unit: "binary" }),
    otherText: fc.string(),
    isSo: fc.boolean(),
    small: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
    large: fc.maxSafeInteger().map(BigInt),
  });
  const encodeAny = compileEncoder(desc);
  fc.assert(
    fc.property(values, (fields) => {
      const message = create(desc, fields);
      const json = toJson(desc, message, { alwaysEmitImplicit: true }) as object;
      expect(encodeAny(message)).toEqual({ ...json, large: Number(fields.large) });
    }),
  );
});

const unsupported: FieldOptions[] = [
  ...["uint64", "sint64", "fixed32", "float", "double", "bytes"].map((type) => ({ type })),
  { type: "enum", typeName: ".test.Colour" },
  { type: "message", typeName: ".test.Request" },
  { repeated: true },
];

test.each(unsupported)("$type, as a list $repeated, is refused when compiled", (field) => {
  const desc = compileMessage({ fields: { bad: field } });
  expect(() => compileEncoder(desc)).toThrow(/^test\.Request\.bad: .*support/);
});
