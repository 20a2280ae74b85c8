import type { DescField, DescMessage, Message } from "@bufbuild/protobuf";
import { create, ScalarType } from "@bufbuild/protobuf";
import fc from "fast-check";
import { expect, test } from "vitest";
import { compileMessageRules } from "../../../src/api/message-rules.ts";
import { ContactService } from "../../../src/gen/contact/v1/contact_service_pb.ts";
import { goodId, nastyText } from "../support/nasty.ts";
import { expectAgreement } from "../support/protovalidate.ts";

const requests = ContactService.methods.map(({ name, input }) => [name, input] as const);

const anyText = fc.oneof({ weight: 2, arbitrary: goodId }, nastyText);
const anyNumber = fc.oneof(
  fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
  fc.constantFrom(0, 1, 999, 1_000, 1_001, undefined),
);

/** Messages of a type, with valid and invalid values. */
function anyMessage(desc: DescMessage): fc.Arbitrary<Message> {
  const fields = desc.fields.map((field) => [field.localName, anyValueOf(field)]);
  return fc.record(Object.fromEntries(fields)).map((init) => create(desc, init));
}

function anyValueOf(field: DescField): fc.Arbitrary<unknown> {
  const one = field.message === undefined ? anyScalarOf(field) : anyMessage(field.message);
  return field.fieldKind === "list" ? fc.array(one, { maxLength: 4 }) : one;
}

function anyScalarOf({ scalar }: DescField): fc.Arbitrary<unknown> {
  switch (scalar) {
    case ScalarType.STRING:
      return anyText;
    case ScalarType.INT32:
      return anyNumber;
    case ScalarType.BOOL:
      return fc.boolean();
    default:
      throw new Error(`this test has no values of the type ${scalar}`);
  }
}

test.each(requests)("protovalidate gives the same result for any %s", (_, desc) => {
  const findViolation = compileMessageRules(desc, { maxListEntries: 10_000 });
  let valid = 0;
  let invalid = 0;
  fc.assert(
    fc.property(anyMessage(desc), (message) => {
      if (expectAgreement(findViolation, desc, message)) valid += 1;
      else invalid += 1;
    }),
    { numRuns: 400 },
  );
  expect(Math.min(valid, invalid)).toBeGreaterThan(8);
});
