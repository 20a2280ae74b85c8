import type { DescField, DescMessage, Message } from "@bufbuild/protobuf";
import { create, getOption, isFieldSet, ScalarType } from "@bufbuild/protobuf";
import type { Reason } from "../errors.ts";
import type {
  FieldRules as FieldRulesMessage,
  Int32Rules,
  RepeatedRules,
  StringRules,
} from "../gen/buf/validate/validate_pb.ts";
import {
  FieldRulesSchema,
  field as fieldRules,
  Int32RulesSchema,
  MessageRulesSchema,
  message as messageRules,
  OneofRulesSchema,
  oneof as oneofRules,
  RepeatedRulesSchema,
  StringRulesSchema,
} from "../gen/buf/validate/validate_pb.ts";
import { unsupported } from "./unsupported.ts";

/** The rule that a value violates, without the path of the field. */
export interface RuleViolation {
  readonly reason: Reason;
  readonly values?: Readonly<Record<string, string>>;
}

/**
 * The rules of one field, compiled from its protovalidate constraints.
 *
 * Only the constraints in use are supported, each with a row in the table of errors. For any other,
 * `compileFieldRules` throws, so that no rule of the proto is ignored. Tests compare the results with
 * those of the protovalidate library.
 */
export interface FieldRules {
  /** Checks the value of a singular field, or one entry in a list of scalars. */
  readonly value?: (value: unknown) => RuleViolation | undefined;
  /** Checks the length of a list. */
  readonly length?: (entries: number) => RuleViolation | undefined;
}

export interface FieldRulesOptions {
  /** The maximum number of entries of every list. It also applies if the constraint of a list allows more. */
  readonly maxListEntries: number;
}

/** @throws Error if the field has a constraint that is not supported */
export function compileFieldRules(field: DescField, options: FieldRulesOptions): FieldRules {
  const rules = getOption(field, fieldRules);
  if (field.fieldKind !== "list") return valueRule(scalarOf(field), rules, field);
  assertKnown(FieldRulesSchema, rules, ["repeated"], field);
  const repeated = rules.type.case === "repeated" ? rules.type.value : create(RepeatedRulesSchema);
  return {
    length: lengthRule(repeated, options.maxListEntries, field),
    ...valueRule(scalarOf(field), repeated.items ?? create(FieldRulesSchema), field),
  };
}

/** @throws Error if a message has constraints beyond those of its fields */
export function assertNoMessageRules(desc: DescMessage): void {
  assertKnown(MessageRulesSchema, getOption(desc, messageRules), [], desc);
  for (const one of desc.oneofs)
    assertKnown(OneofRulesSchema, getOption(one, oneofRules), [], desc);
}

function scalarOf(field: DescField): ScalarType | undefined {
  const isScalar =
    field.fieldKind === "scalar" || (field.fieldKind === "list" && field.listKind === "scalar");
  return isScalar ? field.scalar : undefined;
}

function valueRule(
  scalar: ScalarType | undefined,
  rules: FieldRulesMessage,
  field: DescField,
): Pick<FieldRules, "value"> {
  switch (scalar) {
    case ScalarType.STRING: {
      assertKnown(FieldRulesSchema, rules, ["string"], field);
      const string = rules.type.case === "string" ? rules.type.value : create(StringRulesSchema);
      return { value: stringRule(string, field) };
    }
    case ScalarType.INT32: {
      assertKnown(FieldRulesSchema, rules, ["int32"], field);
      const int32 = rules.type.case === "int32" ? rules.type.value : create(Int32RulesSchema);
      return { value: int32Rule(int32, field) };
    }
    default:
      assertKnown(FieldRulesSchema, rules, [], field);
      return {};
  }
}

/** The range of the type is checked too, because JSON numbers can exceed it. */
function int32Rule(rules: Int32Rules, field: DescField) {
  assertKnown(Int32RulesSchema, rules, ["gte", "lte"], field);
  const least = rules.greaterThan.value ?? -(2 ** 31);
  const most = rules.lessThan.value ?? 2 ** 31 - 1;
  // In protovalidate, such a range allows all numbers except those between the two.
  if (least > most) throw unsupported(field, "int32.gte above int32.lte");
  const outOfRange: RuleViolation = {
    reason: "PARAM_RANGE",
    values: { least: least.toLocaleString("en-US"), most: most.toLocaleString("en-US") },
  };

  return (value: unknown): RuleViolation | undefined => {
    const number = value as number;
    return number < least || number > most ? outOfRange : undefined;
  };
}

function stringRule(rules: StringRules, field: DescField) {
  assertKnown(StringRulesSchema, rules, ["min_len", "max_len", "not_contains"], field);
  const { minLen, maxLen, notContains } = StringRulesSchema.field;
  const minLength = isFieldSet(rules, minLen) ? Number(rules.minLen) : 0;
  const maxLength = isFieldSet(rules, maxLen) ? Number(rules.maxLen) : Infinity;
  const forbidsNul = isFieldSet(rules, notContains);
  if (minLength > 1) throw unsupported(field, "string.min_len above 1");
  if (forbidsNul && rules.notContains !== "\0") throw unsupported(field, "string.not_contains");
  const tooLong: RuleViolation = { reason: "PARAM_TOO_LONG", values: { limit: String(maxLength) } };

  return (value: unknown): RuleViolation | undefined => {
    const text = value as string;
    if (text.length < minLength) return { reason: "PARAM_REQUIRED" };
    if (text.length > maxLength && codePoints(text, maxLength) > maxLength) return tooLong;
    if (forbidsNul && text.includes("\0")) return { reason: "PARAM_NUL" };
    if (!text.isWellFormed()) return { reason: "PARAM_NOT_UNICODE" };
    return undefined;
  };
}

/** Counts code points, and stops when the count exceeds the limit. */
function codePoints(text: string, limit: number): number {
  let count = 0;
  for (const _ of text) if (++count > limit) break;
  return count;
}

function lengthRule(rules: RepeatedRules, maxListEntries: number, field: DescField) {
  assertKnown(RepeatedRulesSchema, rules, ["min_items", "max_items", "items"], field);
  const { minItems, maxItems } = RepeatedRulesSchema.field;
  const least = isFieldSet(rules, minItems) ? Number(rules.minItems) : 0;
  if (least > 1) throw unsupported(field, "repeated.min_items above 1");
  const most = isFieldSet(rules, maxItems) ? Number(rules.maxItems) : Infinity;
  const limit = Math.min(most, maxListEntries);
  const tooMany: RuleViolation = {
    reason: "PARAM_TOO_MANY",
    values: { limit: limit.toLocaleString("en-US") },
  };

  return (entries: number): RuleViolation | undefined => {
    if (entries < least) return { reason: "PARAM_EMPTY" };
    return entries > limit ? tooMany : undefined;
  };
}

function assertKnown(
  schema: DescMessage,
  rules: Message,
  known: readonly string[],
  owner: DescField | DescMessage,
): void {
  const unknown = schema.fields.find((f) => isFieldSet(rules, f) && !known.includes(f.name));
  if (unknown !== undefined) throw unsupported(owner, unknown.name);
}
