import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compileJsonDecoder } from "../../../src/api/json-decoder.ts";
import { faultOf } from "../../../src/api/violation.ts";
import type { Reason } from "../../../src/errors.ts";
import { SyncContactsRequestSchema } from "../../../src/gen/contact/v1/contact_service_pb.ts";

const decode = compileJsonDecoder(SyncContactsRequestSchema, {
  maxListEntries: 5,
  isRest: true,
});

interface FaultFields {
  readonly reason: Reason;
  readonly path: string;
  readonly fieldCode: string;
  readonly message: string;
}

/** The fault that the decoder reports for a body. */
function faultIn(body: Record<string, unknown>): FaultFields | undefined {
  const { violation } = decode(body);
  if (violation === undefined) return undefined;
  const { reason, message, at } = faultOf(violation);
  return { reason, message, path: at?.path ?? "", fieldCode: at?.fieldCode ?? "" };
}

/** A JSON value (`undefined` stands for an absent field) and the fault that it causes. */
interface Value {
  readonly json: unknown;
  readonly fault?: { readonly reason: Reason; readonly says: string };
}

const missing = { reason: "PARAM_REQUIRED", says: "is required" } as const;
const notText = { reason: "PARAM_TYPE", says: "must be a string" } as const;
const tooLong = { reason: "PARAM_TOO_LONG", says: "cannot be longer than 50 characters" } as const;
const notBool = { reason: "PARAM_TYPE", says: "must be true or false" } as const;
const notUnicode = {
  reason: "PARAM_NOT_UNICODE",
  says: "must be valid Unicode, without lone surrogates",
} as const;
const notObject = { reason: "PARAM_TYPE", says: "must be an object" } as const;

const ids: Value[] = [
  { json: "a" },
  { json: "x".repeat(50) },
  { json: "😀".repeat(50) },
  { json: undefined, fault: missing },
  { json: null, fault: missing },
  { json: "", fault: missing },
  { json: "x".repeat(51), fault: tooLong },
  { json: "😀".repeat(51), fault: tooLong },
  { json: "a\0", fault: { reason: "PARAM_NUL", says: "cannot contain a NUL character" } },
  { json: "\ud83d", fault: notUnicode },
  { json: "\ude00\ud83d", fault: notUnicode },
  ...[0, 1, -1.5, true, false, {}, [], ["a"]].map((json) => ({ json, fault: notText })),
];

const flags: Value[] = [
  ...[true, false, "true", "false", null, undefined].map((json) => ({ json })),
  ...["", "TRUE", "True", " true", "yes", "1", "null", 0, 1, {}, [], [true]].map((json) => ({
    json,
    fault: notBool,
  })),
];

const fields = [
  { name: "ownerXCUserID", proto: "owner_xc_user_id", code: "102", values: ids },
  { name: "contactXCUserID", proto: "contact_xc_user_id", code: "103", values: ids },
  { name: "isDeleted", proto: "is_deleted", code: "104", values: flags },
] as const;

/** Adds to each value a test title that shows it. */
function titled(values: readonly Value[]): [title: string, value: Value][] {
  return values.map((value) => {
    const text = JSON.stringify(value.json) ?? "absent";
    const shown = text.length > 40 ? `${text.slice(0, 20)}... of ${text.length}` : text;
    return [`${shown} ${value.fault?.says ?? "is accepted"}`, value];
  });
}

const good = { ownerXCUserID: "a", contactXCUserID: "b" };

describe.each(fields)("$name", ({ name, proto, code, values }) => {
  test.each(titled(values))("%s", (_, { json, fault }) => {
    expect(faultIn({ contacts: [good, { ...good, [name]: json }] })).toEqual(
      fault && {
        reason: fault.reason,
        path: `contacts[1].${proto}`,
        fieldCode: code,
        message: `Param '${name}' ${fault.says} (contacts[1])`,
      },
    );
  });
});

const lists: Value[] = [
  { json: [good] },
  { json: Array.from({ length: 5 }, () => good) },
  ...[undefined, null, []].map((json) => ({
    json,
    fault: { reason: "PARAM_EMPTY" as const, says: "cannot be empty" },
  })),
  ...["", "x", 0, 1, true, false, {}, { 0: good, length: 1 }].map((json) => ({
    json,
    fault: { reason: "PARAM_TYPE" as const, says: "must be a list" },
  })),
  {
    json: Array.from({ length: 6 }, () => good),
    fault: { reason: "PARAM_TOO_MANY", says: "cannot have more than 5 entries" },
  },
  {
    json: Array.from({ length: 6 }, () => 1),
    fault: { reason: "PARAM_TOO_MANY", says: "cannot have more than 5 entries" },
  },
];

test.each(titled(lists))("contacts: %s", (_, { json, fault }) => {
  expect(faultIn({ contacts: json })).toEqual(
    fault && {
      reason: fault.reason,
      path: "contacts",
      fieldCode: "101",
      message: `Param 'contacts' ${fault.says}`,
    },
  );
});

const notObjects = [null, "", "x", 0, 1, true, false, [], [good]];

test.each(notObjects.map((json) => [json]))("an entry %j must be an object", (json) => {
  expect(faultIn({ contacts: [good, good, json] })).toEqual({
    reason: "PARAM_TYPE",
    path: "contacts[2]",
    fieldCode: "101",
    message: "Param 'contacts' must be an object (contacts[2])",
  });
});

test("the decoder reports the first fault in list order, whether of type or of rule", () => {
  const pick = (values: readonly Value[]) =>
    fc.oneof(
      { weight: 4, arbitrary: fc.constantFrom(...values.filter(({ fault }) => !fault)) },
      fc.constantFrom(...values),
    );
  const entry = fc.oneof(
    { weight: 8, arbitrary: fc.tuple(...fields.map(({ values }) => pick(values))) },
    fc.constantFrom(...notObjects),
  );
  fc.assert(
    fc.property(fc.array(entry, { minLength: 1, maxLength: 5 }), (entries) => {
      expect(faultIn({ contacts: entries.map(toJson) })?.message).toBe(firstMessage(entries));
    }),
    { numRuns: 1_000 },
  );
});

type Entry = readonly Value[] | (typeof notObjects)[number];

/** Whether the entry is a list of field values, and not a value that is not an object. */
function isValues(entry: Entry): entry is readonly Value[] {
  return Array.isArray(entry) && entry.length === fields.length;
}

function toJson(entry: Entry): unknown {
  if (!isValues(entry)) return entry;
  return Object.fromEntries(fields.map(({ name }, n) => [name, entry[n]?.json]));
}

function firstMessage(entries: readonly Entry[]): string | undefined {
  for (const [index, entry] of entries.entries()) {
    const suffix = `(contacts[${index}])`;
    if (!isValues(entry)) return `Param 'contacts' ${notObject.says} ${suffix}`;
    for (const [n, { name }] of fields.entries()) {
      const says = entry[n]?.fault?.says;
      if (says !== undefined) return `Param '${name}' ${says} ${suffix}`;
    }
  }
  return undefined;
}
