import type { DescField, DescMessage, Message } from "@bufbuild/protobuf";
import { create, getOption, isFieldSet, ScalarType } from "@bufbuild/protobuf";
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
  RepeatedRulesSchema,
  StringRulesSchema,
} from "../gen/buf/validate/validate_pb.ts";
import { unsupported } from "./unsupported.ts";

/** The protovalidate constraints of one field, as plain values. */
export interface FieldLimits {
  /** Of a singular field, or of each entry in a list of scalars. */
  readonly value?: StringLimits | Int32Limits;
  /** Of a list. */
  readonly length?: LengthLimits;
}

export interface StringLimits {
  readonly kind: "string";
  /** In characters (code points): 0 or 1. */
  readonly minLength: number;
  /** In characters; `Infinity` without a limit. */
  readonly maxLength: number;
  readonly forbidsNul: boolean;
}

export interface Int32Limits {
  readonly kind: "int32";
  readonly least: number;
  readonly most: number;
}

/** In entries. */
export interface LengthLimits {
  /** 0 or 1. */
  readonly least: number;
  /** `Infinity` without a limit. */
  readonly most: number;
}

export interface FieldLimitsOptions {
  /** No list may have more entries, whatever its own constraint allows. */
  readonly maxListEntries: number;
}

/** @throws Error if the field has a constraint that is not supported */
export function readFieldLimits(field: DescField, options: FieldLimitsOptions): FieldLimits {
  const rules = getOption(field, fieldRules);
  if (field.fieldKind !== "list") return valueLimits(scalarOf(field), rules, field);
  assertKnown(FieldRulesSchema, rules, ["repeated"], field);
  const repeated = rules.type.case === "repeated" ? rules.type.value : create(RepeatedRulesSchema);
  return {
    length: lengthLimits(repeated, options.maxListEntries, field),
    ...valueLimits(scalarOf(field), repeated.items ?? create(FieldRulesSchema), field),
  };
}

/** @throws Error if a constraint is set whose name is not known */
export function assertKnown(
  schema: DescMessage,
  rules: Message,
  known: readonly string[],
  owner: DescField | DescMessage,
): void {
  const unknown = schema.fields.find((f) => isFieldSet(rules, f) && !known.includes(f.name));
  if (unknown !== undefined) throw unsupported(owner, unknown.name);
}

function scalarOf(field: DescField): ScalarType | undefined {
  const isScalar =
    field.fieldKind === "scalar" || (field.fieldKind === "list" && field.listKind === "scalar");
  return isScalar ? field.scalar : undefined;
}

function valueLimits(
  scalar: ScalarType | undefined,
  rules: FieldRulesMessage,
  field: DescField,
): Pick<FieldLimits, "value"> {
  switch (scalar) {
    case ScalarType.STRING: {
      assertKnown(FieldRulesSchema, rules, ["string"], field);
      const string = rules.type.case === "string" ? rules.type.value : create(StringRulesSchema);
      return { value: stringLimits(string, field) };
    }
    case ScalarType.INT32: {
      assertKnown(FieldRulesSchema, rules, ["int32"], field);
      const int32 = rules.type.case === "int32" ? rules.type.value : create(Int32RulesSchema);
      return { value: int32Limits(int32, field) };
    }
    default:
      assertKnown(FieldRulesSchema, rules, [], field);
      return {};
  }
}

/** The range of the type counts too, because JSON numbers can exceed it. */
function int32Limits(rules: Int32Rules, field: DescField): Int32Limits {
  assertKnown(Int32RulesSchema, rules, ["gte", "lte"], field);
  const least = rules.greaterThan.value ?? -(2 ** 31);
  const most = rules.lessThan.value ?? 2 ** 31 - 1;
  // For protovalidate this means: all numbers except those between the two.
  if (least > most) throw unsupported(field, "int32.gte above int32.lte");
  return { kind: "int32", least, most };
}

function stringLimits(rules: StringRules, field: DescField): StringLimits {
  assertKnown(StringRulesSchema, rules, ["min_len", "max_len", "not_contains"], field);
  const { minLen, maxLen, notContains } = StringRulesSchema.field;
  const minLength = isFieldSet(rules, minLen) ? Number(rules.minLen) : 0;
  const maxLength = isFieldSet(rules, maxLen) ? Number(rules.maxLen) : Infinity;
  const forbidsNul = isFieldSet(rules, notContains);
  if (minLength > 1) throw unsupported(field, "string.min_len above 1");
  if (forbidsNul && rules.notContains !== "\0") throw unsupported(field, "string.not_contains");
  return { kind: "string", minLength, maxLength, forbidsNul };
}

function lengthLimits(rules: RepeatedRules, maxListEntries: number, field: DescField) {
  assertKnown(RepeatedRulesSchema, rules, ["min_items", "max_items", "items"], field);
  const { minItems, maxItems } = RepeatedRulesSchema.field;
  const least = isFieldSet(rules, minItems) ? Number(rules.minItems) : 0;
  if (least > 1) throw unsupported(field, "repeated.min_items above 1");
  const most = isFieldSet(rules, maxItems) ? Number(rules.maxItems) : Infinity;
  return { least, most: Math.min(most, maxListEntries) };
}
