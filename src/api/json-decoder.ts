import type { DescField, DescMessage, Message } from "@bufbuild/protobuf";
import { create, getOption, ScalarType } from "@bufbuild/protobuf";
import type { Reason } from "../errors.ts";
import { required_in_json } from "../gen/contact/v1/options_pb.ts";
import type { FieldRulesOptions, RuleViolation } from "./field-rules.ts";
import { assertNoMessageRules, compileFieldRules } from "./field-rules.ts";
import { unsupported } from "./unsupported.ts";
import type { Violation } from "./violation.ts";
import { insideEntry, insideField, violationOf } from "./violation.ts";

export type JsonObject = Readonly<Record<string, unknown>>;

/**
 * Fills a new message from parsed JSON and checks the rules of each field at the same time. It therefore
 * reports the first fault in the order of the parameters, whether of type or of a rule.
 *
 * JSON null counts as absent, and unknown fields are ignored (documented contract). A field has its
 * documented name or its proto name, but not both. A list that is `required_in_json` may be empty, but
 * not absent.
 */
export type JsonDecoder = (json: JsonObject) => Decoded;

export type Decoded =
  | { readonly message: Message; readonly violation?: never }
  | { readonly message?: never; readonly violation: Violation };

/** Sets one field of the message from the JSON object that holds it. */
type FieldDecoder = (json: JsonObject, target: Record<string, unknown>) => Violation | undefined;

type ScalarResult =
  | { readonly value: unknown; readonly type?: never }
  | { readonly type: string; readonly value?: never };

export interface JsonDecoderOptions extends FieldRulesOptions {
  /**
   * Whether the JSON is that of REST. If not, it is ProtoJSON: integers may be strings, and lists that
   * are `required_in_json` may be absent, because clients omit empty lists.
   */
  readonly isRest: boolean;
}

/** @throws Error if a field has a kind or a constraint that is not supported */
export function compileJsonDecoder(desc: DescMessage, options: JsonDecoderOptions): JsonDecoder {
  assertNoMessageRules(desc);
  const decoders = desc.fields.map((field) => compileField(field, options));
  return (json) => {
    const message = create(desc);
    for (const decode of decoders) {
      const violation = decode(json, message as unknown as Record<string, unknown>);
      if (violation !== undefined) return { violation };
    }
    return { message };
  };
}

function compileField(field: DescField, options: JsonDecoderOptions): FieldDecoder {
  if (field.oneof !== undefined) throw unsupported(field, "JSON for oneof");
  if (field.fieldKind !== "list" && getOption(field, required_in_json)) {
    throw unsupported(field, "required_in_json");
  }
  switch (field.fieldKind) {
    case "scalar":
      return compileScalar(field, options);
    case "message":
      return compileSubMessage(field, options);
    case "list":
      return compileList(field, options);
    default:
      throw unsupported(field, `JSON for ${field.fieldKind}`);
  }
}

function compileScalar(
  field: DescField & { fieldKind: "scalar" },
  options: JsonDecoderOptions,
): FieldDecoder {
  const { localName } = field;
  const parse = scalarParser(field, field.scalar, options);
  const { value: check } = compileFieldRules(field, options);
  return withValue(field, (given, target) => {
    if (given !== null) {
      const { value, type } = parse(given);
      if (type !== undefined) return violationOf("PARAM_TYPE", field, { type });
      target[localName] = value;
    }
    const present = target[localName];
    const violation = present === undefined ? undefined : check?.(present);
    return violation && violationOf(violation.reason, field, violation.values);
  });
}

function compileSubMessage(
  field: DescField & { fieldKind: "message" },
  options: JsonDecoderOptions,
): FieldDecoder {
  const { localName } = field;
  const decode = compileJsonDecoder(field.message, options);
  return withValue(field, (given, target) => {
    if (given === null) return undefined;
    if (!isObject(given)) return violationOf("PARAM_TYPE", field, { type: "an object" });
    const { message, violation } = decode(given);
    if (violation !== undefined) return insideField(violation, field);
    target[localName] = message;
    return undefined;
  });
}

function compileList(
  field: DescField & { fieldKind: "list" },
  options: JsonDecoderOptions,
): FieldDecoder {
  const { localName } = field;
  const rules = compileFieldRules(field, options);
  const decodeEntry = compileEntry(field, rules.value, options);
  const isRequired = options.isRest && getOption(field, required_in_json);
  return withValue(field, (given, target) => {
    if (given === null && isRequired) return violationOf("PARAM_REQUIRED", field);
    const list = given ?? [];
    if (!Array.isArray(list)) return violationOf("PARAM_TYPE", field, { type: "a list" });
    const tooFewOrMany = rules.length?.(list.length);
    if (tooFewOrMany !== undefined) {
      return violationOf(tooFewOrMany.reason, field, tooFewOrMany.values);
    }
    const entries: unknown[] = new Array(list.length);
    for (let index = 0; index < list.length; index++) {
      const { value, violation } = decodeEntry(list[index]);
      if (violation !== undefined) return insideEntry(violation, field, index);
      entries[index] = value;
    }
    target[localName] = entries;
    return undefined;
  });
}

/**
 * Finds the value of a field by its documented name or by its proto name, as ProtoJSON parsers do.
 *
 * @param decode receives null if the field is absent
 */
function withValue(
  field: DescField,
  decode: (given: unknown, target: Record<string, unknown>) => Violation | undefined,
): FieldDecoder {
  const { jsonName, name } = field;
  if (jsonName === name) return (json, target) => decode(json[name] ?? null, target);
  return (json, target) => {
    const [given, other] = [json[jsonName], json[name]];
    if (given !== undefined && other !== undefined) {
      return violationOf("PARAM_TWICE", field, { other: name });
    }
    return decode(given ?? other ?? null, target);
  };
}

type Entry = { readonly value?: unknown; readonly violation?: Violation };

function compileEntry(
  field: DescField & { fieldKind: "list" },
  check: ((value: unknown) => RuleViolation | undefined) | undefined,
  options: JsonDecoderOptions,
): (given: unknown) => Entry {
  if (field.listKind === "message") {
    const decode = compileJsonDecoder(field.message, options);
    return (given) => {
      if (!isObject(given)) return { violation: ofEntry("PARAM_TYPE", { type: "an object" }) };
      const { message, violation } = decode(given);
      return violation === undefined ? { value: message } : { violation };
    };
  }
  if (field.listKind !== "scalar") throw unsupported(field, `JSON for a list of ${field.listKind}`);
  const parse = scalarParser(field, field.scalar, options);
  return (given) => {
    const { value, type } = parse(given);
    if (type !== undefined) return { violation: ofEntry("PARAM_TYPE", { type }) };
    const violation = check?.(value);
    if (violation === undefined) return { value };
    return { violation: ofEntry(violation.reason, violation.values) };
  };
}

/** The violation of a complete entry. The decoder of the list adds the list and the index to the path. */
function ofEntry(reason: Reason, values: RuleViolation["values"] = {}): Violation {
  return { reason, values, path: [] };
}

function scalarParser(
  field: DescField,
  scalar: ScalarType,
  { isRest }: JsonDecoderOptions,
): (given: unknown) => ScalarResult {
  switch (scalar) {
    case ScalarType.STRING:
      return (given) => (typeof given === "string" ? { value: given } : { type: "a string" });
    case ScalarType.BOOL:
      return parseBool;
    case ScalarType.INT32:
      // The rules of the field check the range, including the range of the type.
      return isRest ? parseInteger : (given) => parseInteger(numberOf(given));
    default:
      throw unsupported(field, `JSON for ${ScalarType[scalar]}`);
  }
}

function parseInteger(given: unknown): ScalarResult {
  return Number.isInteger(given) ? { value: given } : { type: "an integer" };
}

/** ProtoJSON accepts a number as a string, in the syntax of JSON. */
function numberOf(given: unknown): unknown {
  return typeof given === "string" && /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(given)
    ? Number(given)
    : given;
}

/** The documentation describes `isDeleted` as a string, but its example uses a boolean. Kith accepts both. */
function parseBool(given: unknown): ScalarResult {
  if (given === true || given === "true") return { value: true };
  if (given === false || given === "false") return { value: false };
  return { type: "true or false" };
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
