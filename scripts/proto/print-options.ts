import type { DescExtension, DescField, DescMessage, Message, Registry } from "@bufbuild/protobuf";
import { getExtension, hasExtension } from "@bufbuild/protobuf";
import type { ReflectMessage } from "@bufbuild/protobuf/reflect";
import { isReflectList, isReflectMessage, reflect } from "@bufbuild/protobuf/reflect";

/** Returns the body in braces, indented by one level. */
export function braces(body: string[]): string {
  return body.length === 0 ? "{}" : `{\n${body.join("\n").replace(/^/gm, "  ")}\n}`;
}

/** Returns a proto string literal. The escapes of JSON are a subset of those of proto. */
export function quote(text: string): string {
  return JSON.stringify(text);
}

/**
 * Prints options as `name = value`, for use after `option` or between brackets.
 *
 * Custom options are extensions, which a descriptor contains as undecoded bytes. Only those in the
 * registry are printed.
 */
export function printOptions(
  schema: DescMessage,
  options: Message | undefined,
  registry: Registry,
): string[] {
  if (options === undefined) {
    return [];
  }
  const own = setFields(reflect(schema, options)).map(
    ([field, value]) => `${field.name} = ${literal(field, value)}`,
  );
  const custom = setExtensions(options, registry).map(
    ([extension, value]) => `(${extension.typeName}) = ${literal(extension, value)}`,
  );
  return [...own, ...custom];
}

/** Returns the options in brackets, after a space. Returns nothing if there are none. */
export function brackets(options: string[]): string {
  return options.length === 0 ? "" : ` [${options.join(", ")}]`;
}

/** Returns the fields that are set, and a repeated field once for each value. */
function setFields(message: ReflectMessage): [DescField, unknown][] {
  return message.fields
    .filter((field) => message.isSet(field))
    .flatMap((field) => {
      const value = message.get(field);
      const values: unknown[] = isReflectList(value) ? [...value] : [value];
      return values.map((item): [DescField, unknown] => [field, item]);
    });
}

/** Returns the extensions that are set, and a repeated extension once for each value. */
function setExtensions(options: Message, registry: Registry): [DescExtension, unknown][] {
  return [...registry]
    .filter((type) => type.kind === "extension")
    .filter((extension) => extension.extendee.typeName === options.$typeName)
    .filter((extension) => hasExtension(options, extension))
    .flatMap((extension) => {
      const value: unknown = getExtension(options, extension);
      const values: unknown[] = extension.fieldKind === "list" ? (value as unknown[]) : [value];
      return values.map((item): [DescExtension, unknown] => [extension, item]);
    });
}

function literal(type: DescField | DescExtension, value: unknown): string {
  if (type.enum) {
    return enumName(type.enum.value, value as number);
  }
  if (type.message) {
    return aggregate(isReflectMessage(value) ? value : reflect(type.message, value as Message));
  }
  return typeof value === "string" ? quote(value) : String(value);
}

function enumName(values: Readonly<Record<number, { name: string }>>, number: number): string {
  return values[number]?.name ?? String(number);
}

/** Returns a message as the value of an option, in the text format of protobuf. */
function aggregate(message: ReflectMessage): string {
  return braces(
    setFields(message).map(([field, value]) => `${field.name}: ${literal(field, value)}`),
  );
}
