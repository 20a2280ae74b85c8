import type { DescEnum, DescField, DescMessage, Message } from "@bufbuild/protobuf";
import { getOption, ScalarType } from "@bufbuild/protobuf";
import type { Timestamp } from "@bufbuild/protobuf/wkt";
import { FeatureSet_FieldPresence, TimestampSchema } from "@bufbuild/protobuf/wkt";
import { absent_when_empty } from "../gen/contact/v1/options_pb.ts";
import { createTimestampWriter } from "./timestamp.ts";
import { unsupported } from "./unsupported.ts";

/** Writes a message as the text of a JSON object. */
export type JsonWriter = (message: Message) => string;

export interface JsonWriterOptions {
  /**
   * Whether the JSON is that of REST, which has every field: zeros, false, and empty lists, except for empty
   * lists that are `absent_when_empty`. Optional fields that are not set are null, and 64-bit counts are
   * numbers (documented contract). If not, it is ProtoJSON, as the library writes it.
   */
  readonly isRest: boolean;
}

type ValueWriter = (value: never) => string;

interface FieldWriter {
  readonly localName: string;
  /** The name with its quotes and the colon. */
  readonly prefix: string;
  readonly write: ValueWriter;
  /** Whether the field is left out with this value. */
  readonly isAbsent: (value: unknown) => boolean;
}

/**
 * Compiles a writer. Enums are the names of their values, and times are RFC 3339 in UTC.
 *
 * @throws Error if a field has a kind that is not supported
 */
export function compileJsonWriter(desc: DescMessage, options: JsonWriterOptions): JsonWriter {
  const fields = desc.fields
    .toSorted((a, b) => (options.isRest ? 0 : a.number - b.number))
    .map((field) => compileField(field, options));
  return (message) => {
    const values = message as unknown as Record<string, unknown>;
    let text = "{";
    for (const { localName, prefix, write, isAbsent } of fields) {
      const value = values[localName];
      if (isAbsent(value)) continue;
      if (text.length > 1) text += ",";
      text += prefix;
      text += value === undefined ? "null" : write(value as never);
    }
    return `${text}}`;
  };
}

function compileField(field: DescField, options: JsonWriterOptions): FieldWriter {
  if (field.oneof !== undefined) throw unsupported(field, "JSON for oneof in responses");
  if (field.fieldKind === "map") throw unsupported(field, "JSON for map in responses");
  const write = valueWriter(field, options);
  return {
    localName: field.localName,
    prefix: `${JSON.stringify(field.jsonName)}:`,
    write: field.fieldKind === "list" ? listWriter(write) : write,
    isAbsent: options.isRest ? absentInRest(field) : absentInProtoJson(field),
  };
}

function absentInRest(field: DescField): FieldWriter["isAbsent"] {
  if (!getOption(field, absent_when_empty)) return () => false;
  if (field.fieldKind !== "list") throw unsupported(field, "absent_when_empty");
  return isEmpty;
}

function absentInProtoJson(field: DescField): FieldWriter["isAbsent"] {
  if (field.fieldKind === "list") return isEmpty;
  if (field.presence !== FeatureSet_FieldPresence.IMPLICIT) return (value) => value === undefined;
  return (value) => value === "" || value === 0 || value === 0n || value === false;
}

function isEmpty(list: unknown): boolean {
  return (list as readonly unknown[]).length === 0;
}

function listWriter(write: ValueWriter): ValueWriter {
  return (list: readonly never[]) => {
    let text = "[";
    for (let n = 0; n < list.length; n++) {
      if (n > 0) text += ",";
      text += write(list[n] as never);
    }
    return `${text}]`;
  };
}

/** Writes the value of a singular field, or one entry of a list. */
function valueWriter(field: DescField, options: JsonWriterOptions): ValueWriter {
  if (field.message !== undefined) return messageWriter(field, field.message, options);
  if (field.enum !== undefined) return enumWriter(field.enum);
  return scalarWriter(field, field.scalar, options);
}

function messageWriter(
  field: DescField,
  desc: DescMessage,
  options: JsonWriterOptions,
): ValueWriter {
  if (desc.typeName === TimestampSchema.typeName) {
    const write = createTimestampWriter();
    return (value: Timestamp) => `"${write(value)}"`;
  }
  // The other well-known types have a special JSON form.
  if (desc.typeName.startsWith("google.protobuf.")) {
    throw unsupported(field, `JSON for ${desc.typeName} in responses`);
  }
  return compileJsonWriter(desc, options) as ValueWriter;
}

/** A number without a name, from a newer proto, stays a number. */
function enumWriter(desc: DescEnum): ValueWriter {
  const names = new Map(desc.values.map(({ number, name }) => [number, JSON.stringify(name)]));
  return (value: number) => names.get(value) ?? String(value);
}

function scalarWriter(
  field: DescField,
  scalar: ScalarType,
  { isRest }: JsonWriterOptions,
): ValueWriter {
  switch (scalar) {
    case ScalarType.INT64:
      return isRest ? (value: bigint) => String(Number(value)) : (value: bigint) => `"${value}"`;
    case ScalarType.INT32:
    case ScalarType.BOOL:
      return String;
    case ScalarType.STRING:
      return quote;
    default:
      throw unsupported(field, `JSON for ${ScalarType[scalar]} in responses`);
  }
}

/** Texts that need no escapes. `JSON.stringify` also escapes surrogates without a pair. */
const plain = /^[ !#-[\]-\ud7ff]*$/;

function quote(text: string): string {
  return plain.test(text) ? `"${text}"` : JSON.stringify(text);
}
