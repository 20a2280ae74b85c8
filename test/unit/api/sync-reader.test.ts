import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { readSyncContacts } from "../../../src/api/sync-reader.ts";
import { SyncContactsRequestSchema } from "../../../src/gen/contact/v1/contact_service_pb.ts";

type Write = (writer: BinaryWriter) => void;

/** Mostly ASCII, because the fast reader handles a message only if all of its text is ASCII. */
const anyText = fc.oneof(
  { arbitrary: fc.constantFrom("", "alice", "bob", "\0", "\x7f"), weight: 20 },
  { arbitrary: fc.string({ maxLength: 60 }), weight: 20 },
  { arbitrary: fc.string({ unit: "binary", maxLength: 60 }), weight: 1 },
);
/** Some values equal a tag, and some take two bytes. */
const anyBool = fc.oneof(
  { arbitrary: fc.constantFrom(0, 1, 2, 0x0a, 0x10, 0x7f), weight: 20 },
  { arbitrary: fc.constantFrom(0x80, 300), weight: 1 },
);

const text = (no: number) =>
  anyText.map(
    (value): Write =>
      (to) =>
        void to.tag(no, WireType.LengthDelimited).string(value),
  );
const bool = (no: number) =>
  anyBool.map(
    (value): Write =>
      (to) =>
        void to.tag(no, WireType.Varint).uint32(value),
  );

/** Fields that no client writes: of other wire types, or unknown. */
const anyOddField = fc
  .tuple(fc.constantFrom(1, 2, 3, 4, 15, 16, 1_000), fc.constantFrom(0, 1, 2, 5), fc.nat(200))
  .map(
    ([no, type, value]): Write =>
      (to) => {
        to.tag(no, type);
        if (type === WireType.Varint) to.uint32(value);
        else if (type === WireType.Bit64) to.fixed64(value);
        else if (type === WireType.Bit32) to.fixed32(value);
        else to.bytes(new Uint8Array(value % 5));
      },
  );

const someOdd = { arbitrary: anyOddField, weight: 1 };

/** Fields in any order. Each may be absent or repeated. */
const anyEntry = fc.array(
  fc.oneof(
    { arbitrary: text(1), weight: 60 },
    { arbitrary: text(2), weight: 60 },
    { arbitrary: bool(3), weight: 60 },
    someOdd,
  ),
  { maxLength: 6 },
);

/** The declared length of some is too long or too short. */
const anyContact = fc
  .tuple(anyEntry, fc.oneof({ arbitrary: fc.constant(0), weight: 40 }, fc.constantFrom(-1, 1)))
  .map(
    ([fields, error]): Write =>
      (to) => {
        const entry = new BinaryWriter();
        for (const write of fields) write(entry);
        const bytes = entry.finish();
        to.tag(1, WireType.LengthDelimited)
          .uint32(Math.max(0, bytes.length + error))
          .raw(bytes);
      },
  );

const anyMessage = fc
  .array(
    fc.oneof({ arbitrary: anyContact, weight: 120 }, { arbitrary: bool(2), weight: 20 }, someOdd),
  )
  .map((fields) => {
    const writer = new BinaryWriter();
    for (const write of fields) write(writer);
    return Buffer.from(writer.finish());
  });

function expectAsLibrary(bytes: Buffer): void {
  const message = readSyncContacts(bytes);
  if (message === undefined) return;
  expect(message).toStrictEqual(fromBinary(SyncContactsRequestSchema, bytes));
}

test("the fast reader reads messages as the library does, or leaves them to it", () => {
  fc.assert(fc.property(anyMessage, expectAsLibrary), { numRuns: 10_000 });
});

test("the fast reader reads messages with ASCII ids", () => {
  const anyId = fc.string({ unit: "binary-ascii", maxLength: 50 });
  const entry = fc.record({
    ownerXcUserId: anyId,
    contactXcUserId: anyId,
    isDeleted: fc.boolean(),
  });
  const request = fc.record({ contacts: fc.array(entry), returnOutcomes: fc.boolean() });
  fc.assert(
    fc.property(request, (init) => {
      const message = create(SyncContactsRequestSchema, init);
      const bytes = Buffer.from(toBinary(SyncContactsRequestSchema, message));
      expect(readSyncContacts(bytes)).toStrictEqual(message);
    }),
  );
});

test("the fast reader reads damaged messages as the library does, or leaves them to it", () => {
  const anyBroken = fc
    .tuple(anyMessage, fc.nat(), fc.integer({ min: 1, max: 255 }), fc.boolean())
    .map(([bytes, at, flip, isCut]) => {
      const position = at % (bytes.length + 1);
      if (isCut) return bytes.subarray(0, position);
      const byte = bytes[position];
      if (byte !== undefined) bytes[position] = byte ^ flip;
      return bytes;
    });
  fc.assert(fc.property(anyBroken, expectAsLibrary), { numRuns: 5_000 });
});

test("the fast reader reads arbitrary bytes as the library does, or leaves them to it", () => {
  const relevantByte = fc.constantFrom(0, 1, 2, 3, 0x0a, 0x10, 0x12, 0x18, 0x61, 0x80);
  const anyEntryBytes = fc
    .array(relevantByte, { maxLength: 8 })
    .map((bytes) => [0x0a, bytes.length, ...bytes]);
  const anyBytes = fc
    .array(fc.oneof(anyEntryBytes, fc.array(relevantByte, { maxLength: 3 })), { maxLength: 4 })
    .map((parts) => Buffer.from(parts.flat()));
  fc.assert(fc.property(anyBytes, expectAsLibrary), { numRuns: 10_000 });
});

test.each([
  ["the message ends after a tag", "0a"],
  ["the message ends within an entry", "0a020a"],
  ["the message ends within an id", "0a030a0561"],
  ["an entry ends after a tag", "0a01181001"],
  ["an entry ends within an id", "0a030a056110011001"],
])("the fast reader leaves a truncated message to the library: %s", (_, hex) => {
  expect(readSyncContacts(Buffer.from(hex, "hex"))).toBeUndefined();
});
