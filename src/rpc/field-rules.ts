import type { DescField, DescMessage, Message } from "@bufbuild/protobuf";
import { getOption, ScalarType } from "@bufbuild/protobuf";
import { reflect } from "@bufbuild/protobuf/reflect";
import type { Reason } from "../errors.ts";
import type { RepeatedRules, StringRules } from "../gen/buf/validate/validate_pb.ts";
import {
  FieldRulesSchema,
  RepeatedRulesSchema,
  StringRulesSchema,
  field as validateField,
} from "../gen/buf/validate/validate_pb.ts";

/** What a value breaks, without saying where; undefined when it keeps its rules. */
export type Breach = {
  readonly reason: Reason;
  readonly values?: Readonly<Record<string, string>>;
};

/**
 * The rules of one field, compiled from its protovalidate constraints.
 *
 * Only the constraints in use are known here, each with a documented answer in the table of errors;
 * any other makes `compileFieldRules` throw, so a rule in the proto is either kept or noticed at start.
 * That they mean what protovalidate means is tested against that library.
 */
export interface FieldRules {
  /** Checks one value: of a singular field, or of one entry in a list of scalars. */
  readonly value?: (value: unknown) => Breach | undefined;
  /** Checks the length of a list. */
  readonly length?: (entries: number) => Breach | undefined;
}

export interface FieldRulesOptions {
  /** No list may have more entries, whatever its own constraint allows. */
  readonly maxListEntries: number;
}

/** @throws Error when the field has a constraint that is not known here */
export function compileFieldRules(field: DescField, options: FieldRulesOptions): FieldRules {
  const rules = getOption(field, validateField);
  assertKnown(FieldRulesSchema, rules, ["string", "repeated"], field);
  if (field.fieldKind === "list") {
    const repeated = rules.type.case === "repeated" ? rules.type.value : undefined;
    const items = repeated?.items?.type;
    return {
      length: lengthRule(repeated, options.maxListEntries, field),
      ...valueRule(field.listKind === "scalar" ? field.scalar : undefined, items, field),
    };
  }
  return valueRule(field.fieldKind === "scalar" ? field.scalar : undefined, rules.type, field);
}

function valueRule(
  scalar: ScalarType | undefined,
  rules: { case?: string | undefined; value?: unknown } | undefined,
  field: DescField,
): Pick<FieldRules, "value"> {
  if (scalar !== ScalarType.STRING) return {};
  const string = rules?.case === "string" ? (rules.value as StringRules) : undefined;
  return { value: stringRule(string, field) };
}

const wellKnownString = ["min_len", "max_len", "not_contains"];

function stringRule(rules: StringRules | undefined, field: DescField) {
  if (rules !== undefined) assertKnown(StringRulesSchema, rules, wellKnownString, field);
  const minLength = Number(rules?.minLen ?? 0n);
  const maxLength = rules?.maxLen ? Number(rules.maxLen) : Number.POSITIVE_INFINITY;
  const refusesNul = (rules?.notContains ?? "") !== "";
  if (minLength > 1) throw unsupported(field, "string.min_len above 1");
  if (refusesNul && rules?.notContains !== "\0") throw unsupported(field, "string.not_contains");
  const tooLong: Breach = { reason: "PARAM_TOO_LONG", values: { limit: String(maxLength) } };

  return (value: unknown): Breach | undefined => {
    const text = value as string;
    if (text.length < minLength) return { reason: "PARAM_REQUIRED" };
    if (text.length > maxLength && codePoints(text, maxLength) > maxLength) return tooLong;
    if (refusesNul && text.includes("\0")) return { reason: "PARAM_NUL" };
    if (!text.isWellFormed()) return { reason: "PARAM_NOT_UNICODE" };
    return undefined;
  };
}

/** The number of code points, counted only until it is over the limit. */
function codePoints(text: string, limit: number): number {
  let count = 0;
  for (const _ of text) if (++count > limit) break;
  return count;
}

function lengthRule(rules: RepeatedRules | undefined, maxListEntries: number, field: DescField) {
  if (rules !== undefined) {
    assertKnown(RepeatedRulesSchema, rules, ["min_items", "max_items", "items"], field);
  }
  const minItems = Number(rules?.minItems ?? 0n);
  if (minItems > 1) throw unsupported(field, "repeated.min_items above 1");
  const maxItems = Math.min(rules?.maxItems ? Number(rules.maxItems) : Infinity, maxListEntries);
  const tooMany: Breach = {
    reason: "PARAM_TOO_MANY",
    values: { limit: maxItems.toLocaleString("en-US") },
  };

  return (entries: number): Breach | undefined => {
    if (entries < minItems) return { reason: "PARAM_EMPTY" };
    return entries > maxItems ? tooMany : undefined;
  };
}

function assertKnown(
  schema: DescMessage,
  rules: Message,
  known: readonly string[],
  field: DescField,
): void {
  const set = reflect(schema, rules);
  const unknown = set.fields.find((f) => set.isSet(f) && !known.includes(f.name));
  if (unknown !== undefined) throw unsupported(field, unknown.name);
}

function unsupported(field: DescField, rule: string): Error {
  return new Error(`${field.parent.typeName}.${field.name}: constraint ${rule} is not supported`);
}
