import type { JsonObject } from "@bufbuild/protobuf";
import { equals, fromJson } from "@bufbuild/protobuf";
import fc from "fast-check";
import { expect, test } from "vitest";
import { compileJsonDecoder } from "../../../src/api/json-decoder.ts";
import { compileMessageRules } from "../../../src/api/message-rules.ts";
import { faultOf } from "../../../src/api/violation.ts";
import { SyncContactsRequestSchema } from "../../../src/gen/contact/v1/contact_service_pb.ts";
import { goodId, nastyText } from "../support/nasty.ts";

const limits = { maxListEntries: 10_000, isRest: true };
const decode = compileJsonDecoder(SyncContactsRequestSchema, limits);
const findViolation = compileMessageRules(SyncContactsRequestSchema, limits);

function bodyOf(id: fc.Arbitrary<string>, sizes: fc.ArrayConstraints) {
  const entry = fc.record(
    {
      ownerXCUserID: id,
      contactXCUserID: id,
      isDeleted: fc.constantFrom(true, false, null),
      unknown: fc.jsonValue({ maxDepth: 1 }),
    },
    { noNullPrototype: true, requiredKeys: ["ownerXCUserID", "contactXCUserID"] },
  );
  return fc.record(
    { contacts: fc.array(entry, sizes), extra: fc.jsonValue({ maxDepth: 1 }) },
    { noNullPrototype: true, requiredKeys: ["contacts"] },
  );
}

function parse(body: object) {
  const json = structuredClone(body) as JsonObject;
  return fromJson(SyncContactsRequestSchema, json, { ignoreUnknownFields: true });
}

test("valid JSON is decoded to the same message as by protobuf", () => {
  fc.assert(
    fc.property(bodyOf(goodId, { minLength: 1, maxLength: 6 }), (body) => {
      const { message } = decode(body);
      expect(message?.$typeName).toBe(SyncContactsRequestSchema.typeName);
      expect(
        equals(SyncContactsRequestSchema, message as ReturnType<typeof parse>, parse(body)),
      ).toBe(true);
    }),
  );
});

test("JSON of the right types violates the same rules as its message", () => {
  const id = fc.oneof({ weight: 6, arbitrary: goodId }, nastyText);
  fc.assert(
    fc.property(bodyOf(id, { maxLength: 6 }), (body) => {
      const violation = findViolation(parse(body));
      const expected = violation && faultOf(violation);
      const decoded = decode(body);
      const made = decoded.violation && faultOf(decoded.violation);
      expect([made?.reason, made?.message, made?.at]).toEqual([
        expected?.reason,
        expected?.message,
        expected?.at,
      ]);
    }),
  );
});

test("a decoded message satisfies the rules, so they need no second check", () => {
  fc.assert(
    fc.property(bodyOf(nastyText, { maxLength: 3 }), (body) => {
      const { message } = decode(body);
      if (message !== undefined) expect(findViolation(message)).toBeUndefined();
    }),
  );
});

const spellings: [json: unknown, isDeleted: boolean][] = [
  [true, true],
  [false, false],
  ["true", true],
  ["false", false],
  [null, false],
  [undefined, false],
];

test.each(spellings)("isDeleted %j is %j", (isDeleted, expected) => {
  const { message } = decode({
    contacts: [{ ownerXCUserID: "a", contactXCUserID: "b", isDeleted }],
  });
  expect(message).toMatchObject({ contacts: [{ isDeleted: expected }] });
});

test("a field may have its documented name or its proto name", () => {
  const entry = { owner_xc_user_id: "a", contactXCUserID: "b", is_deleted: true };
  const { message } = decode({ contacts: [entry] });
  expect(message).toMatchObject({
    contacts: [{ ownerXcUserId: "a", contactXcUserId: "b", isDeleted: true }],
  });
});

test.each([
  ["ownerXCUserID", "owner_xc_user_id", { ownerXCUserID: "a", owner_xc_user_id: "a" }],
  ["isDeleted", "is_deleted", { ownerXCUserID: "a", isDeleted: null, is_deleted: null }],
])("an object with both names of %s is a fault", (param, other, given) => {
  const { violation } = decode({ contacts: [{ ...given, contactXCUserID: "b" }] });
  expect(violation && faultOf(violation)).toMatchObject({
    reason: "PARAM_TWICE",
    message: `Param '${param}' cannot be given twice, as '${param}' and '${other}' (contacts[0])`,
    at: { path: `contacts[0].${other}` },
  });
});

test("other spellings of a field are ignored", () => {
  const entry = { OwnerXCUserID: "a", ownerXcUserId: "a", contactXCUserID: "b" };
  const { violation } = decode({ contacts: [entry] });
  expect(violation && faultOf(violation).message).toBe(
    "Param 'ownerXCUserID' is required (contacts[0])",
  );
});
