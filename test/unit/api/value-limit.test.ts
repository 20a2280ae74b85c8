import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compileBinaryScan } from "../../../src/api/binary-scan.ts";
import { createMessageReader } from "../../../src/api/message-reader.ts";
import { readSyncContacts } from "../../../src/api/sync-reader.ts";
import { listLimitsOf, maxValues } from "../../../src/api/value-limit.ts";
import { Fault } from "../../../src/errors.ts";
import {
  ReplaceContactsRequestSchema,
  SyncContactsRequestSchema,
} from "../../../src/gen/contact/v1/contact_service_pb.ts";

const rules = { maxListEntries: 10_000 };
const sync = createMessageReader({
  desc: SyncContactsRequestSchema,
  rules,
  readBinary: readSyncContacts,
});
const replace = createMessageReader({ desc: ReplaceContactsRequestSchema, rules });

const tooManyContacts = {
  reason: "PARAM_TOO_MANY",
  message: "Param 'contacts' cannot have more than 10,000 entries",
  at: { path: "contacts", fieldCode: "101" },
};
const tooManyValues = {
  reason: "BODY_TOO_MANY_VALUES",
  message: "Request body cannot have more than 100,000 values",
  at: undefined,
};

function faultOf(read: () => unknown) {
  try {
    read();
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return { reason: error.reason, message: error.message, at: error.at };
  }
  return undefined;
}

function field(no: number, value: Uint8Array): Buffer {
  return Buffer.from(new BinaryWriter().tag(no, WireType.LengthDelimited).bytes(value).finish());
}

/** Many copies of the bytes of a short text in hexadecimal. */
function copies(hex: string, count: number): Buffer {
  return Buffer.from(hex.repeat(count), "hex");
}

const entry = { ownerXcUserId: "alice", contactXcUserId: "b\u{f6}b", isDeleted: true };
const messages = [
  {
    name: "a few entries more than a list can have",
    bytes: copies("0a00", 10_001),
    fault: tooManyContacts,
  },
  { name: "a million empty entries", bytes: copies("0a00", 1_000_000), fault: tooManyContacts },
  { name: "a million unknown numbers", bytes: copies("3801", 1_000_000), fault: tooManyValues },
  { name: "a million unknown texts", bytes: copies("3a00", 1_000_000), fault: tooManyValues },
  { name: "a million unknown groups", bytes: copies("3b3c", 1_000_000), fault: tooManyValues },
  {
    name: "unknown groups in an unknown group",
    bytes: Buffer.concat([copies("3b", 1), copies("3b3c", 1_000_000), copies("3c", 1)]),
    fault: tooManyValues,
  },
  {
    name: "a million unknown fields in one entry",
    bytes: field(1, copies("3801", 1_000_000)),
    fault: tooManyValues,
  },
  {
    name: "many entries before many unknown fields",
    bytes: Buffer.concat([copies("0a00", 10_001), copies("3801", 1_000_000)]),
    fault: tooManyContacts,
  },
  {
    name: "one field a million times",
    bytes: copies("1001", 1_000_000),
    fault: tooManyValues,
  },
  {
    name: "entries whose last is cut off",
    bytes: Buffer.concat([copies("0a00", 60_000), Buffer.from("0a05", "hex")]),
    fault: {
      reason: "BODY_UNREADABLE",
      message: "Request body must be valid protobuf",
      at: undefined,
    },
  },
  {
    name: "the longest list, with unknown fields in each entry",
    bytes: Buffer.concat(
      Array.from({ length: 10_000 }, () =>
        field(
          1,
          Buffer.concat([
            field(1, Buffer.from("alice")),
            field(2, Buffer.from("bob")),
            copies("3801", 6),
          ]),
        ),
      ),
    ),
    fault: undefined,
  },
];

test.each(messages)("protobuf: $name", ({ bytes, fault }) => {
  expect(faultOf(() => sync.fromBinary(bytes))).toEqual(fault);
});

const jsonBodies = [
  {
    name: "a few entries more than a list can have",
    text: `{"contacts":[${"{},".repeat(10_000)}{}]}`,
    fault: tooManyContacts,
  },
  {
    name: "a million empty entries",
    text: `{"contacts":[${"{},".repeat(1_000_000)}{}]}`,
    fault: tooManyContacts,
  },
  {
    name: "a million entries that are lists",
    text: `{"contacts":[${"[],".repeat(1_000_000)}[]]}`,
    fault: tooManyContacts,
  },
  {
    name: "a million numbers in an unknown list",
    text: `{"x":[${"1,".repeat(1_000_000)}1]}`,
    fault: tooManyValues,
  },
  {
    name: "a million lists in each other",
    text: `{"x":${"[".repeat(1_000_000)}${"]".repeat(1_000_000)}}`,
    fault: tooManyValues,
  },
  {
    name: "a million unknown members",
    text: `{${'"x":1,'.repeat(1_000_000)}"y":1}`,
    fault: tooManyValues,
  },
  {
    name: "a million unknown members in one entry",
    text: `{"contacts":[{${'"x":1,'.repeat(1_000_000)}"y":1}]}`,
    fault: tooManyValues,
  },
  {
    name: "a million lists that are not closed",
    text: "[".repeat(1_000_000),
    fault: tooManyValues,
  },
  {
    name: "a text with the signs of JSON, and escaped quotes",
    text: JSON.stringify({
      x: ',{["\\'.repeat(100_000),
      contacts: [{ ownerXCUserID: "a", contactXCUserID: "b" }],
    }),
    fault: undefined,
  },
  {
    name: "a text that does not end",
    text: `{"contacts":"${",".repeat(200_000)}\\`,
    fault: { reason: "BODY_UNREADABLE", message: "Request body must be valid JSON", at: undefined },
  },
  {
    name: "the longest list, with unknown members in each entry",
    text: JSON.stringify({
      contacts: Array.from({ length: 10_000 }, (_, n) => ({
        ownerXCUserID: "alice",
        contactXCUserID: `b${n}`,
        isDeleted: true,
        a: 1,
        b: 2,
        c: 3,
        d: 4,
        e: 5,
        f: 6,
      })).map((each, n) => (n < 9_999 ? each : { ownerXCUserID: "alice", contactXCUserID: "b" })),
    }),
    fault: undefined,
  },
];

describe.each(["fromJson", "fromRestJson"] as const)("%s", (read) => {
  test.each(jsonBodies)("$name", ({ text, fault }) => {
    expect(faultOf(() => sync[read](Buffer.from(text)))).toEqual(fault);
  });

  test.each(["contactXCUserIDs", "contact_xc_user_ids"])("%s with a million ids", (name) => {
    const text = `{"ownerXCUserID":"a","${name}":[${'"b",'.repeat(1_000_000)}"b"]}`;
    expect(faultOf(() => replace[read](Buffer.from(text)))).toMatchObject({
      reason: "PARAM_TOO_MANY",
      at: { path: "contact_xc_user_ids", fieldCode: "110" },
    });
  });
});

const scan = compileBinaryScan(
  SyncContactsRequestSchema,
  listLimitsOf(SyncContactsRequestSchema, rules),
);

test("the scan accepts every message that the library accepts", () => {
  const good = toBinary(
    SyncContactsRequestSchema,
    create(SyncContactsRequestSchema, { contacts: [entry, entry], returnOutcomes: true }),
  );
  const anyEdit = fc.record({
    at: fc.nat(good.length),
    insert: fc.uint8Array({ maxLength: 4 }),
    cut: fc.nat(3),
  });
  const anyBytes = fc.oneof(
    fc.uint8Array({ maxLength: 60 }),
    fc
      .array(anyEdit, { maxLength: 3 })
      .map((edits) =>
        edits.reduce<Buffer>(
          (bytes, { at, insert, cut }) =>
            Buffer.concat([bytes.subarray(0, at), insert, bytes.subarray(at + cut)]),
          Buffer.from(good),
        ),
      ),
  );
  const throws = (read: () => unknown) => {
    try {
      read();
      return false;
    } catch {
      return true;
    }
  };
  fc.assert(
    fc.property(anyBytes, (bytes) => {
      const isMessage = !throws(() => fromBinary(SyncContactsRequestSchema, bytes));
      if (isMessage) expect(() => scan(Buffer.from(bytes))).not.toThrow();
    }),
    { numRuns: 5_000 },
  );
});

test("a message at the limit of values is read, and one value more is too many", () => {
  const unknown = (count: number) =>
    Buffer.concat([field(1, field(1, Buffer.from("a"))), copies("3801", count)]);
  expect(faultOf(() => scan(unknown(maxValues - 2)))).toBeUndefined();
  expect(faultOf(() => scan(unknown(maxValues - 1)))).toEqual(tooManyValues);
});
