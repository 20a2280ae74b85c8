import type { DescEnum, DescField, DescMessage, Message } from "@bufbuild/protobuf";
import { getOption, ScalarType, toJson } from "@bufbuild/protobuf";
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import { TimestampSchema } from "@bufbuild/protobuf/wkt";
import { unsupported } from "../../api/unsupported.ts";
import { absent_when_empty } from "../../gen/contact/v1/options_pb.ts";

/** Turns a message into the JSON value that stands under `data` in the REST envelope. */
export type MessageEncoder = (message: Message) => Record<string, unknown>;

type ValueEncoder = (value: unknown) => unknown;

/**
 * Compiles the encoder of an answer: every field is written, zeros, false and empty lists too, but for
 * the lists that the proto has as `absent_when_empty`. What is optional and unset is null. 64-bit counts
 * are JSON numbers, as the documented answer has them; enums are the names of their values, times are
 * RFC 3339 in UTC.
 *
 * @throws Error when a field has a kind that REST answers do not support
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
  if (field.oneof !== undefined) throw unsupported(field, "REST for oneof in answers");
  if (field.fieldKind === "map") throw unsupported(field, "REST for map in answers");
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
  // The others of these have a JSON of their own, which is not that of their fields.
  if (desc.typeName.startsWith("google.protobuf.")) {
    throw unsupported(field, `REST for ${desc.typeName} in answers`);
  }
  return compileEncoder(desc) as ValueEncoder;
}

/** A number that has no name, from a newer proto, stays a number. */
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
      throw unsupported(field, `REST for ${ScalarType[scalar]} in answers`);
  }
}
