import type { JsonObject } from "@bufbuild/protobuf";
import { equals, fromJson } from "@bufbuild/protobuf";
import fc from "fast-check";
import { expect, test } from "vitest";
import { SyncContactsRequestSchema } from "../../../../src/gen/contact/v1/contact_service_pb.ts";
import { compileMessageRules } from "../../../../src/rpc/message-rules.ts";
import { faultOf } from "../../../../src/rpc/violation.ts";
import { compileDecoder } from "../../../../src/server/rest/decode.ts";
import { goodId, nastyText } from "../../support/nasty.ts";

const limits = { maxListEntries: 10_000 };
const decode = compileDecoder(SyncContactsRequestSchema, limits);
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

test("valid JSON becomes the message that protobuf makes of it", () => {
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

test("JSON of the right types breaks the rules that its message breaks", () => {
  const id = fc.oneof({ weight: 6, arbitrary: goodId }, nastyText);
  fc.assert(
    fc.property(bodyOf(id, { maxLength: 6 }), (body) => {
      const broken = findViolation(parse(body));
      const expected = broken && faultOf(broken);
      const decoded = decode(body);
      const made = decoded.broken && faultOf(decoded.broken);
      expect([made?.reason, made?.message, made?.at]).toEqual([
        expected?.reason,
        expected?.message,
        expected?.at,
      ]);
    }),
  );
});

test("a decoded message passes the rules, so that they need not be checked again", () => {
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

test("only the documented spelling of a field is known", () => {
  const entry = { owner_xc_user_id: "a", contact_xc_user_id: "b", ownerXcUserId: "a" };
  const { broken } = decode({ contacts: [entry] });
  expect(broken && faultOf(broken).message).toBe("Param 'ownerXCUserID' is required (contacts[0])");
});

test("the JSON is left as it was", () => {
  const body = { contacts: [{ ownerXCUserID: "a", contactXCUserID: "b", isDeleted: "true" }] };
  const before = structuredClone(body);
  decode(body);
  expect(body).toEqual(before);
});
