import type { DescField, DescMessage, Message } from "@bufbuild/protobuf";
import { ScalarType } from "@bufbuild/protobuf";
import { unsupported } from "../../rpc/field-rules.ts";

/** Turns a message into the JSON value that stands under `data` in the REST envelope. */
export type MessageEncoder = (message: Message) => Record<string, unknown>;

type ValueEncoder = (value: unknown) => unknown;

/**
 * Compiles the encoder of an answer: every field is written, zeros, false and empty lists too, and
 * 64-bit counts are JSON numbers, as the documented answer has them.
 *
 * @throws Error when a field has a kind that REST answers do not support
 */
export function compileEncoder(desc: DescMessage): MessageEncoder {
  const fields = desc.fields.map((field) => ({
    jsonName: field.jsonName,
    localName: field.localName,
    encode: fieldEncoder(field),
  }));
  return (message) => {
    const values = message as unknown as Record<string, unknown>;
    const json: Record<string, unknown> = {};
    for (const { jsonName, localName, encode } of fields)
      json[jsonName] = encode(values[localName]);
    return json;
  };
}

function fieldEncoder(field: DescField): ValueEncoder {
  if (field.fieldKind === "scalar") return scalarEncoder(field, field.scalar);
  throw unsupported(field, `REST for ${field.fieldKind} in answers`);
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
