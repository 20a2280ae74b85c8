import type { DescEnum, DescField, DescMessage, Message } from "@bufbuild/protobuf";
import { getOption, ScalarType, toJson } from "@bufbuild/protobuf";
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import { TimestampSchema } from "@bufbuild/protobuf/wkt";
import { unsupported } from "../../api/unsupported.ts";
import { absent_when_empty } from "../../gen/contact/v1/options_pb.ts";

/** Converts a message to the value of `data` in the REST envelope. */
export type MessageEncoder = (message: Message) => Record<string, unknown>;

type ValueEncoder = (value: unknown) => unknown;

/**
 * Compiles the encoder of a response. It writes every field, including zeros, false, and empty lists,
 * except for empty lists that are `absent_when_empty`. Optional fields that are not set are null. 64-bit
 * counts are JSON numbers (documented contract), enums are the names of their values, and times are RFC
 * 3339 in UTC.
 *
 * @throws Error if a field has a kind that REST responses do not support
 */
export function compileEncoder(desc: DescMessage): MessageEncoder {
  const fields = desc.fields.map((field) => ({
    jsonName: field.jsonName,
    localName: field.localName,
    encode: fieldEncoder(field),
    isAbsentWhenEmpty: isAbsentWhenEmpty(field),
  }));
  return (message) => {
    const values = message as unknown as Record<string, unknown>;
    const json: Record<string, unknown> = {};
    for (const { jsonName, localName, encode, isAbsentWhenEmpty } of fields) {
      const value = values[localName];
      if (isAbsentWhenEmpty && (value as unknown[]).length === 0) continue;
      json[jsonName] = value === undefined ? null : encode(value);
    }
    return json;
  };
}

function isAbsentWhenEmpty(field: DescField): boolean {
  const isAsked = getOption(field, absent_when_empty);
  if (isAsked && field.fieldKind !== "list") throw unsupported(field, "absent_when_empty");
  return isAsked;
}

function fieldEncoder(field: DescField): ValueEncoder {
  if (field.oneof !== undefined) throw unsupported(field, "REST for oneof in responses");
  if (field.fieldKind === "map") throw unsupported(field, "REST for map in responses");
  const encode = valueEncoder(field);
  return field.fieldKind === "list" ? (list) => (list as unknown[]).map(encode) : encode;
}

/** Encodes the value of a singular field, or one entry of a list. */
function valueEncoder(field: DescField): ValueEncoder {
  if (field.message !== undefined) return messageEncoder(field, field.message);
  if (field.enum !== undefined) return enumEncoder(field.enum);
  return scalarEncoder(field, field.scalar);
}

function messageEncoder(field: DescField, desc: DescMessage): ValueEncoder {
  if (desc.typeName === TimestampSchema.typeName) {
    return (value) => toJson(TimestampSchema, value as Timestamp);
  }
  // The other well-known types have a special JSON form.
  if (desc.typeName.startsWith("google.protobuf.")) {
    throw unsupported(field, `REST for ${desc.typeName} in responses`);
  }
  return compileEncoder(desc) as ValueEncoder;
}

/** A number without a name, from a newer proto, stays a number. */
function enumEncoder(desc: DescEnum): ValueEncoder {
  return (value) => desc.value[value as number]?.jsonName ?? value;
}

function scalarEncoder(field: DescField, scalar: ScalarType): ValueEncoder {
  switch (scalar) {
    case ScalarType.INT64:
      return Number;
    case ScalarType.INT32:
    case ScalarType.STRING:
    case ScalarType.BOOL:
      return (value) => value;
    default:
      throw unsupported(field, `REST for ${ScalarType[scalar]} in responses`);
  }
}
