import type { DescMessage } from "@bufbuild/protobuf";
import { create, toJson } from "@bufbuild/protobuf";
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  ContactService,
  ListContactsResponseSchema,
  SyncContactsResponse_Outcome as Outcome,
  SyncContactsResponseSchema,
} from "../../../../src/gen/contact/v1/contact_service_pb.ts";
import { RetryInfoSchema } from "../../../../src/gen/google/rpc/error_details_pb.ts";
import { compileEncoder } from "../../../../src/transport/rest/encode.ts";
import type { FieldOptions } from "../../support/proto.ts";
import { compileMessage, messageJson } from "../../support/proto.ts";

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
  "counts %s and %s are JSON numbers, including zero",
  (countInserted, countDeleted, json) => {
    const message = create(SyncContactsResponseSchema, { countInserted, countDeleted });
    expect(JSON.stringify(encode(message))).toBe(json);
  },
);

test("an empty response contains zeros", () => {
  const message = create(SyncContactsResponseSchema);
  expect(encode(message)).toEqual({ countInserted: 0, countDeleted: 0 });
});

test("a response has the same JSON as in protobuf, except for 64-bit numbers", () => {
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

const entry = messageJson({
  name: "Entry",
  fields: { id: { jsonName: "ID" }, count: { type: "int64" }, tags: { repeated: true } },
});
const toEntry = { type: "message", typeName: ".test.Entry" };
const colour = { type: "enum", typeName: ".test.Colour" };

const values: [name: string, field: FieldOptions, value: unknown, json: unknown][] = [
  ["an empty list of strings", { repeated: true }, [], []],
  ["a list of strings", { repeated: true }, ["a", ""], ["a", ""]],
  ["a list of bools", { type: "bool", repeated: true }, [true, false], [true, false]],
  ["a list of 64-bit counts", { type: "int64", repeated: true }, [1n, 0n], [1, 0]],
  ["an enum", colour, 1, "RED"],
  ["an enum of zero", colour, 0, "COLOUR_UNSPECIFIED"],
  ["a number without a name in the enum", colour, 77, 77],
  [
    "a list of enums",
    { ...colour, repeated: true },
    [2, 0, 1],
    ["GREEN", "COLOUR_UNSPECIFIED", "RED"],
  ],
  ["a message", toEntry, { id: "x", count: 2n, tags: ["a"] }, { ID: "x", count: 2, tags: ["a"] }],
  ["an empty message", toEntry, {}, { ID: "", count: 0, tags: [] }],
  ["an absent message", toEntry, undefined, null],
  [
    "a list of messages",
    { ...toEntry, repeated: true },
    [{ id: "x" }, {}],
    [
      { ID: "x", count: 0, tags: [] },
      { ID: "", count: 0, tags: [] },
    ],
  ],
  ["an optional string that is unset", { optional: true }, undefined, null],
  ["an optional string that is empty", { optional: true }, "", ""],
  ["an optional count that is unset", { type: "int64", optional: true }, undefined, null],
  ["an optional bool that is false", { type: "bool", optional: true }, false, false],
  [
    "a list with absent_when_empty that is not empty",
    { repeated: true, absentWhenEmpty: true },
    [""],
    [""],
  ],
];

test.each(values)("%s is written", (_, field, value, json) => {
  const desc = compileMessage({ fields: { field } }, [entry]);
  const message = create(desc, value === undefined ? {} : { field: value });
  expect(compileEncoder(desc)(message)).toEqual({ field: json });
});

test("only an empty list with absent_when_empty is omitted", () => {
  const list = { repeated: true, absentWhenEmpty: true };
  const desc = compileMessage({ fields: { before: {}, list, after: { repeated: true } } });
  const json = compileEncoder(desc)(create(desc));
  expect(JSON.stringify(json)).toBe('{"before":"","after":[]}');
});

const times: [seconds: bigint, nanos: number, json: string][] = [
  [1_767_323_045n, 123_456_000, "2026-01-02T03:04:05.123456Z"],
  [1_767_323_045n, 120_000_000, "2026-01-02T03:04:05.120Z"],
  [1_767_323_045n, 1, "2026-01-02T03:04:05.000000001Z"],
  [1_767_323_045n, 0, "2026-01-02T03:04:05Z"],
  [0n, 0, "1970-01-01T00:00:00Z"],
];

test.each(times)("%d seconds and %d nanoseconds are %s", (seconds, nanos, json) => {
  const createdTime = { seconds, nanos };
  const contacts = [{ contactXcUserId: "a", createdTime }];
  const message = create(ListContactsResponseSchema, { contacts });
  expect(compileEncoder(ListContactsResponseSchema)(message)).toEqual({
    contacts: [{ contactXCUserID: "a", createdTime: json }],
    nextPageToken: "",
  });
});

test("the outcomes of a sync are names, in a list that is present only on request", () => {
  const { INSERTED, EXISTED, DELETED, MISSING } = Outcome;
  const outcomes = [INSERTED, EXISTED, DELETED, MISSING];
  const message = create(SyncContactsResponseSchema, { countInserted: 1n, outcomes });
  expect(JSON.stringify(encode(message))).toBe(
    '{"countInserted":1,"countDeleted":0,"outcomes":["INSERTED","EXISTED","DELETED","MISSING"]}',
  );
});

/** The data of an empty response of each call. TypeScript asks for a line if the contract has a new call. */
const empty: { readonly [M in keyof typeof ContactService.method]: unknown } = {
  syncContacts: { countInserted: 0, countDeleted: 0 },
  listContacts: { contacts: [], nextPageToken: "" },
  listContactOwners: { owners: [], nextPageToken: "" },
  listMutualContacts: { contacts: [], nextPageToken: "" },
  checkContacts: { results: [] },
  countContacts: { contactCount: 0, ownerCount: 0 },
  replaceContacts: { countInserted: 0, countDeleted: 0, countUnchanged: 0 },
  fingerprintContacts: { fingerprint: "", contactCount: 0 },
  eraseUser: { countDeletedAsOwner: 0, countDeletedAsContact: 0 },
};

test.each(Object.entries(empty))("an empty response of %s has all its fields", (rpc, data) => {
  const output: DescMessage = ContactService.method[rpc as keyof typeof empty].output;
  expect(compileEncoder(output)(create(output))).toEqual(data);
});

const unsupported: FieldOptions[] = [
  ...["uint64", "sint64", "fixed32", "float", "double", "bytes"].flatMap((type) => [
    { type },
    { type, repeated: true },
  ]),
  { oneofIndex: 0 },
  { absentWhenEmpty: true },
];

test.each(unsupported)("%j is rejected when compiled", (field) => {
  const oneofs = field.oneofIndex === undefined ? [] : [{ name: "kind" }];
  const desc = compileMessage({ fields: { bad: field }, oneofs });
  expect(() => compileEncoder(desc)).toThrow(/^test\.Request\.bad: .*support/);
});

test("a map is rejected when compiled", () => {
  const mapEntry = {
    ...messageJson({ name: "BadEntry", fields: { key: {}, value: {} } }),
    options: { mapEntry: true },
  };
  const field = { type: "message", typeName: ".test.Request.BadEntry", repeated: true };
  const desc = compileMessage({ fields: { bad: field }, nested: [mapEntry] });
  expect(() => compileEncoder(desc)).toThrow(/^test\.Request\.bad: .*support/);
});

test("a well-known type with a special JSON form is rejected when compiled", () => {
  expect(() => compileEncoder(RetryInfoSchema)).toThrow(
    /^google\.rpc\.RetryInfo\.retry_delay: .*support/,
  );
});
