import type { DescField, DescMessage, Message } from "@bufbuild/protobuf";
import { create, getOption, ScalarType } from "@bufbuild/protobuf";
import { required_in_json } from "../../gen/contact/v1/options_pb.ts";
import type { Breach, FieldRulesOptions } from "../../rpc/field-rules.ts";
import { assertNoMessageRules, compileFieldRules, unsupported } from "../../rpc/field-rules.ts";
import type { Violation } from "../../rpc/violation.ts";
import { insideEntry, insideField, violation } from "../../rpc/violation.ts";

type JsonObject = Readonly<Record<string, unknown>>;

/**
 * Fills a new message from parsed JSON, keeping the rules of each field as it goes, so that the first
 * fault in the order of the parameters is the one reported, be it of type or of rule.
 *
 * JSON null counts as absent, and unknown fields are ignored (the documented contract). Only the
 * documented spelling of a field is known, not its proto name. A list that is `required_in_json` may be
 * empty, but not absent.
 */
export type MessageDecoder = (json: JsonObject) => Decoded;

export type Decoded =
  | { readonly message: Message; readonly broken?: never }
  | { readonly message?: never; readonly broken: Violation };

/** Sets one field of the message from the JSON object that holds it. */
type FieldDecoder = (json: JsonObject, target: Record<string, unknown>) => Violation | undefined;

type ScalarResult =
  | { readonly value: unknown; readonly type?: never }
  | { readonly type: string; readonly value?: never };

/** @throws Error when a field has a kind or constraint that REST requests do not support */
export function compileDecoder(desc: DescMessage, options: FieldRulesOptions): MessageDecoder {
  assertNoMessageRules(desc);
  const decoders = desc.fields.map((field) => compileField(field, options));
  return (json) => {
    const message = create(desc);
    for (const decode of decoders) {
      const broken = decode(json, message as unknown as Record<string, unknown>);
      if (broken !== undefined) return { broken };
    }
    return { message };
  };
}

function compileField(field: DescField, options: FieldRulesOptions): FieldDecoder {
  if (field.oneof !== undefined) throw unsupported(field, "REST for oneof");
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
      throw unsupported(field, `REST for ${field.fieldKind}`);
  }
}

function compileScalar(
  field: DescField & { fieldKind: "scalar" },
  options: FieldRulesOptions,
): FieldDecoder {
  const { jsonName, localName } = field;
  const parse = scalarParser(field, field.scalar);
  const { value: check } = compileFieldRules(field, options);
  return (json, target) => {
    const given = json[jsonName];
    if (given !== undefined && given !== null) {
      const { value, type } = parse(given);
      if (type !== undefined) return violation("PARAM_TYPE", field, { type });
      target[localName] = value;
    }
    const present = target[localName];
    const breach = present === undefined ? undefined : check?.(present);
    return breach && violation(breach.reason, field, breach.values);
  };
}

function compileSubMessage(
  field: DescField & { fieldKind: "message" },
  options: FieldRulesOptions,
): FieldDecoder {
  const { jsonName, localName } = field;
  const decode = compileDecoder(field.message, options);
  return (json, target) => {
    const given = json[jsonName];
    if (given === undefined || given === null) return undefined;
    if (!isObject(given)) return violation("PARAM_TYPE", field, { type: "an object" });
    const { message, broken } = decode(given);
    if (broken !== undefined) return insideField(broken, field);
    target[localName] = message;
    return undefined;
  };
}

function compileList(
  field: DescField & { fieldKind: "list" },
  options: FieldRulesOptions,
): FieldDecoder {
  const { jsonName, localName } = field;
  const rules = compileFieldRules(field, options);
  const decodeEntry = compileEntry(field, rules.value, options);
  const absent = getOption(field, required_in_json) ? undefined : [];
  return (json, target) => {
    const given = json[jsonName] ?? absent;
    if (given === undefined) return violation("PARAM_REQUIRED", field);
    if (!Array.isArray(given)) return violation("PARAM_TYPE", field, { type: "a list" });
    const breach = rules.length?.(given.length);
    if (breach !== undefined) return violation(breach.reason, field, breach.values);
    const entries: unknown[] = new Array(given.length);
    for (let index = 0; index < given.length; index++) {
      const { value, broken } = decodeEntry(given[index]);
      if (broken !== undefined) return insideEntry(broken, field, index);
      entries[index] = value;
    }
    target[localName] = entries;
    return undefined;
  };
}

type Entry = { readonly value?: unknown; readonly broken?: Violation };

function compileEntry(
  field: DescField & { fieldKind: "list" },
  check: ((value: unknown) => Breach | undefined) | undefined,
  options: FieldRulesOptions,
): (given: unknown) => Entry {
  if (field.listKind === "message") {
    const decode = compileDecoder(field.message, options);
    return (given) => {
      if (!isObject(given)) return { broken: ofEntry("PARAM_TYPE", { type: "an object" }) };
      const { message, broken } = decode(given);
      return broken === undefined ? { value: message } : { broken };
    };
  }
  if (field.listKind !== "scalar") throw unsupported(field, `REST for a list of ${field.listKind}`);
  const parse = scalarParser(field, field.scalar);
  return (given) => {
    const { value, type } = parse(given);
    if (type !== undefined) return { broken: ofEntry("PARAM_TYPE", { type }) };
    const breach = check?.(value);
    return breach === undefined ? { value } : { broken: ofEntry(breach.reason, breach.values) };
  };
}

/** A violation by an entry as a whole; the list adds itself and the index to the path. */
function ofEntry(reason: Breach["reason"], values: Breach["values"] = {}): Violation {
  return { reason, values, path: [] };
}

function scalarParser(field: DescField, scalar: ScalarType): (given: unknown) => ScalarResult {
  switch (scalar) {
    case ScalarType.STRING:
      return (given) => (typeof given === "string" ? { value: given } : { type: "a string" });
    case ScalarType.BOOL:
      return parseBool;
    case ScalarType.INT32:
      // Whether it is in range, of the type too, is among the rules of the field.
      return (given) => (Number.isInteger(given) ? { value: given } : { type: "an integer" });
    default:
      throw unsupported(field, `REST for ${ScalarType[scalar]}`);
  }
}

/** The documentation's table calls `isDeleted` a string, its example a boolean: both are taken. */
function parseBool(given: unknown): ScalarResult {
  if (given === true || given === "true") return { value: true };
  if (given === false || given === "false") return { value: false };
  return { type: "true or false" };
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
