import { create } from "@bufbuild/protobuf";
import fc from "fast-check";
import { expect, test } from "vitest";
import { compileMessageRules } from "../../../src/api/message-rules.ts";
import { faultOf } from "../../../src/api/violation.ts";
import type { Reason } from "../../../src/errors.ts";
import {
  ContactEntrySchema,
  SyncContactsRequestSchema,
} from "../../../src/gen/contact/v1/contact_service_pb.ts";
import { goodId, nastyText } from "../support/nasty.ts";
import { expectAgreement } from "../support/protovalidate.ts";

const limits = { maxListEntries: 10_000 };
const findViolation = compileMessageRules(SyncContactsRequestSchema, limits);

const entryOf = (id: fc.Arbitrary<string>) =>
  fc
    .record({ ownerXcUserId: id, contactXcUserId: id, isDeleted: fc.boolean() })
    .map((fields) => create(ContactEntrySchema, fields));
const requestOf = (entry: ReturnType<typeof entryOf>) =>
  fc
    .array(entry, { maxLength: 6 })
    .map((contacts) => create(SyncContactsRequestSchema, { contacts }));

test("protovalidate gives the same result for any message, and the same first field", () => {
  const mostlyGood = entryOf(fc.oneof({ weight: 6, arbitrary: goodId }, nastyText));
  let valid = 0;
  let invalid = 0;
  fc.assert(
    fc.property(fc.oneof(requestOf(entryOf(nastyText)), requestOf(mostlyGood)), (message) => {
      if (expectAgreement(findViolation, SyncContactsRequestSchema, message)) valid += 1;
      else invalid += 1;
    }),
    { numRuns: 1_000 },
  );
  expect(Math.min(valid, invalid)).toBeGreaterThan(50);
});

test.each([0, 1, 9_999, 10_000, 10_001])("protovalidate agrees on %i entries", (length) => {
  const entry = create(ContactEntrySchema, { ownerXcUserId: "a", contactXcUserId: "b" });
  const contacts = Array.from({ length }, () => entry);
  const message = create(SyncContactsRequestSchema, { contacts });
  const isValid = expectAgreement(findViolation, SyncContactsRequestSchema, message);
  expect(isValid).toBe(length > 0 && length <= 10_000);
});

interface Sample {
  readonly owner: string;
  readonly contact: string;
  readonly reason: Reason;
  readonly fieldCode: string;
  readonly message: string;
}

const samples: Record<string, Sample> = {
  "an empty owner": {
    owner: "",
    contact: "b",
    reason: "PARAM_REQUIRED",
    fieldCode: "102",
    message: "Param 'ownerXCUserID' is required (contacts[1])",
  },
  "an empty contact": {
    owner: "a",
    contact: "",
    reason: "PARAM_REQUIRED",
    fieldCode: "103",
    message: "Param 'contactXCUserID' is required (contacts[1])",
  },
  "a long contact and an empty owner: the owner comes first": {
    owner: "",
    contact: "x".repeat(51),
    reason: "PARAM_REQUIRED",
    fieldCode: "102",
    message: "Param 'ownerXCUserID' is required (contacts[1])",
  },
  "51 astral characters": {
    owner: "😀".repeat(51),
    contact: "b",
    reason: "PARAM_TOO_LONG",
    fieldCode: "102",
    message: "Param 'ownerXCUserID' cannot be longer than 50 characters (contacts[1])",
  },
  "a NUL": {
    owner: "a",
    contact: "b\0",
    reason: "PARAM_NUL",
    fieldCode: "103",
    message: "Param 'contactXCUserID' cannot contain a NUL character (contacts[1])",
  },
  "a lone surrogate, which protobuf cannot encode": {
    owner: "a\ud83d",
    contact: "b",
    reason: "PARAM_NOT_UNICODE",
    fieldCode: "102",
    message: "Param 'ownerXCUserID' must be valid Unicode, without lone surrogates (contacts[1])",
  },
};

test.each(Object.entries(samples))("%s", (_, { owner, contact, reason, fieldCode, message }) => {
  const good = { ownerXcUserId: "a", contactXcUserId: "b" };
  const bad = { ownerXcUserId: owner, contactXcUserId: contact };
  const violation = findViolation(
    create(SyncContactsRequestSchema, { contacts: [good, bad, bad] }),
  );
  const field = fieldCode === "102" ? "owner_xc_user_id" : "contact_xc_user_id";
  expect(violation && faultOf(violation)).toMatchObject({
    reason,
    message,
    at: { path: `contacts[1].${field}`, fieldCode },
  });
});

const lengths: [configured: number, entries: number, message: string | undefined][] = [
  [3, 3, undefined],
  [3, 4, "Param 'contacts' cannot have more than 3 entries"],
  [10_000, 10_001, "Param 'contacts' cannot have more than 10,000 entries"],
  [20_000, 10_001, "Param 'contacts' cannot have more than 10,000 entries"],
  [3, 0, "Param 'contacts' cannot be empty"],
];

test.each(lengths)(
  "with a limit of %i entries, a list of %i: %s",
  (maxListEntries, length, text) => {
    const rules = compileMessageRules(SyncContactsRequestSchema, { maxListEntries });
    const entry = create(ContactEntrySchema, { ownerXcUserId: "a", contactXcUserId: "b" });
    const contacts = Array.from({ length }, () => entry);
    const violation = rules(create(SyncContactsRequestSchema, { contacts }));
    const made = violation && faultOf(violation);
    expect(made?.message).toBe(text);
    if (text !== undefined) expect(made?.at).toEqual({ path: "contacts", fieldCode: "101" });
  },
);
