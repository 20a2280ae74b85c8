import type { DescMessage, Message, Registry } from "@bufbuild/protobuf";
import { isFieldSet } from "@bufbuild/protobuf";
import type {
  DescriptorProto,
  DescriptorProto_ExtensionRange,
  EnumDescriptorProto,
  FieldDescriptorProto,
  FileDescriptorProto,
  OneofDescriptorProto,
} from "@bufbuild/protobuf/wkt";
import {
  EnumOptionsSchema,
  EnumValueOptionsSchema,
  ExtensionRangeOptionsSchema,
  FieldDescriptorProtoSchema,
  FileOptionsSchema,
  MessageOptionsSchema,
  OneofOptionsSchema,
} from "@bufbuild/protobuf/wkt";
import { type Context, printField, printFieldWithoutLabel, typeName } from "./print-field.ts";
import { braces, brackets, printOptions, quote } from "./print-options.ts";

const MAX_FIELD_NUMBER = 2 ** 29 - 1;
const MAX_ENUM_NUMBER = 2 ** 31 - 1;

/**
 * Prints a proto2 file as source text without comments, because descriptors of generated code have none.
 *
 * Does not support services, maps, groups, public imports and options of type bytes. Names from the
 * package of the file are printed relative to it, and a nested name can shadow them. The caller must
 * therefore compile the text and compare the descriptors.
 *
 * @param registry the extensions to print as custom options
 */
export function printProto(file: FileDescriptorProto, registry: Registry): string {
  const context = { packageName: file.package, registry };
  const sections = [
    [`syntax = ${quote(file.syntax || "proto2")};`],
    [`package ${file.package};`],
    file.dependency.map((path) => `import ${quote(path)};`),
    optionStatements(FileOptionsSchema, file.options, context),
    ...extendBlocks(file.extension, context).map((extend) => [extend]),
    ...file.enumType.map((type) => [enumBlock(type, context)]),
    ...file.messageType.map((type) => [messageBlock(type, context)]),
  ];
  const paragraphs = sections.filter((lines) => lines.length > 0).map((lines) => lines.join("\n"));
  return `${paragraphs.join("\n\n")}\n`;
}

function block(head: string, body: string[]): string {
  return `${head} ${braces(body)}`;
}

function messageBlock(type: DescriptorProto, context: Context): string {
  return block(`message ${type.name}`, [
    ...optionStatements(MessageOptionsSchema, type.options, context),
    ...type.enumType.map((nested) => enumBlock(nested, context)),
    ...type.nestedType.map((nested) => messageBlock(nested, context)),
    ...members(type, context),
    ...type.extensionRange.map((range) => extensionRange(range, context)),
    ...reserved(
      type.reservedRange.map(({ start, end }) => numbers(start, end - 1, MAX_FIELD_NUMBER)),
      type.reservedName,
    ),
    ...extendBlocks(type.extension, context),
  ]);
}

function enumBlock(type: EnumDescriptorProto, context: Context): string {
  const values = type.value.map((value) => {
    const options = brackets(printOptions(EnumValueOptionsSchema, value.options, context.registry));
    return `${value.name} = ${value.number}${options};`;
  });
  return block(`enum ${type.name}`, [
    ...optionStatements(EnumOptionsSchema, type.options, context),
    ...values,
    ...reserved(
      type.reservedRange.map(({ start, end }) => numbers(start, end, MAX_ENUM_NUMBER)),
      type.reservedName,
    ),
  ]);
}

/** Returns the fields in order. A oneof is at the position of its first field. */
function members(type: DescriptorProto, context: Context): string[] {
  return type.field.flatMap((member) => {
    if (!isInOneof(member)) {
      return [printField(member, context)];
    }
    const siblings = type.field.filter(
      (other) => isInOneof(other) && other.oneofIndex === member.oneofIndex,
    );
    const oneof = type.oneofDecl[member.oneofIndex];
    return oneof && siblings[0] === member ? [oneofBlock(oneof, siblings, context)] : [];
  });
}

function isInOneof(member: FieldDescriptorProto): boolean {
  return isFieldSet(member, FieldDescriptorProtoSchema.field.oneofIndex);
}

function oneofBlock(
  oneof: OneofDescriptorProto,
  fields: FieldDescriptorProto[],
  context: Context,
): string {
  return block(`oneof ${oneof.name}`, [
    ...optionStatements(OneofOptionsSchema, oneof.options, context),
    ...fields.map((member) => printFieldWithoutLabel(member, context)),
  ]);
}

/** Returns one `extend` block for each extended message. */
function extendBlocks(extensions: FieldDescriptorProto[], context: Context): string[] {
  const byExtendee = Map.groupBy(extensions, (extension) => extension.extendee);
  return [...byExtendee].map(([extendee, group]) =>
    block(
      `extend ${typeName(extendee, context)}`,
      group.map((extension) => printField(extension, context)),
    ),
  );
}

function extensionRange(range: DescriptorProto_ExtensionRange, context: Context): string {
  const options = printOptions(ExtensionRangeOptionsSchema, range.options, context.registry);
  return `extensions ${numbers(range.start, range.end - 1, MAX_FIELD_NUMBER)}${brackets(options)};`;
}

function reserved(ranges: string[], names: string[]): string[] {
  return [ranges, names.map(quote)]
    .filter((list) => list.length > 0)
    .map((list) => `reserved ${list.join(", ")};`);
}

/** Returns a range that includes both ends. */
function numbers(first: number, last: number, max: number): string {
  return first === last ? `${first}` : `${first} to ${last === max ? "max" : last}`;
}

function optionStatements(
  schema: DescMessage,
  options: Message | undefined,
  context: Context,
): string[] {
  return printOptions(schema, options, context.registry).map((option) => `option ${option};`);
}
