import type { DescField, DescMessage } from "@bufbuild/protobuf";
import { getOption } from "@bufbuild/protobuf";
import type { Reason } from "../errors.ts";
import {
  MessageRulesSchema,
  message as messageRules,
  OneofRulesSchema,
  oneof as oneofRules,
} from "../gen/buf/validate/validate_pb.ts";
import type {
  FieldLimits,
  FieldLimitsOptions,
  Int32Limits,
  LengthLimits,
  StringLimits,
} from "./field-limits.ts";
import { assertKnown, readFieldLimits } from "./field-limits.ts";

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

export type FieldRulesOptions = FieldLimitsOptions;

/** @throws Error if the field has a constraint that is not supported */
export function compileFieldRules(field: DescField, options: FieldRulesOptions): FieldRules {
  const { value, length } = readFieldLimits(field, options);
  return {
    ...(value !== undefined && { value: valueRule(value) }),
    ...(length !== undefined && { length: lengthRule(length) }),
  };
}

/** @throws Error if a message has constraints beyond those of its fields */
export function assertNoMessageRules(desc: DescMessage): void {
  assertKnown(MessageRulesSchema, getOption(desc, messageRules), [], desc);
  for (const one of desc.oneofs)
    assertKnown(OneofRulesSchema, getOption(one, oneofRules), [], desc);
}

function valueRule(limits: NonNullable<FieldLimits["value"]>) {
  return limits.kind === "string" ? stringRule(limits) : int32Rule(limits);
}

function int32Rule({ least, most }: Int32Limits) {
  const outOfRange: RuleViolation = {
    reason: "PARAM_RANGE",
    values: { least: least.toLocaleString("en-US"), most: most.toLocaleString("en-US") },
  };

  return (value: unknown): RuleViolation | undefined => {
    const number = value as number;
    return number < least || number > most ? outOfRange : undefined;
  };
}

function stringRule({ minLength, maxLength, forbidsNul }: StringLimits) {
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

function lengthRule({ least, most }: LengthLimits) {
  const tooMany: RuleViolation = {
    reason: "PARAM_TOO_MANY",
    values: { limit: most.toLocaleString("en-US") },
  };

  return (entries: number): RuleViolation | undefined => {
    if (entries < least) return { reason: "PARAM_EMPTY" };
    return entries > most ? tooMany : undefined;
  };
}
