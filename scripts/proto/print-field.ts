import type { Registry } from "@bufbuild/protobuf";
import { isFieldSet } from "@bufbuild/protobuf";
import { protoCamelCase } from "@bufbuild/protobuf/reflect";
import type { FieldDescriptorProto } from "@bufbuild/protobuf/wkt";
import {
  FieldDescriptorProto_Label,
  FieldDescriptorProto_Type,
  FieldDescriptorProtoSchema,
  FieldOptionsSchema,
} from "@bufbuild/protobuf/wkt";
import { brackets, printOptions, quote } from "./print-options.ts";

/** The context that all printed parts of one file share. */
export interface Context {
  packageName: string;
  /** Contains the custom options that the file uses. */
  registry: Registry;
}

export function printField(member: FieldDescriptorProto, context: Context): string {
  const label = FieldDescriptorProto_Label[member.label].toLowerCase();
  return `${label} ${printFieldWithoutLabel(member, context)}`;
}

export function printFieldWithoutLabel(member: FieldDescriptorProto, context: Context): string {
  const type = member.typeName
    ? typeName(member.typeName, context)
    : FieldDescriptorProto_Type[member.type].toLowerCase();
  const options = brackets([
    ...defaultValue(member),
    ...jsonName(member),
    ...printOptions(FieldOptionsSchema, member.options, context.registry),
  ]);
  return `${type} ${member.name} = ${member.number}${options};`;
}

function defaultValue(member: FieldDescriptorProto): string[] {
  if (!isFieldSet(member, FieldDescriptorProtoSchema.field.defaultValue)) {
    return [];
  }
  const value = member.defaultValue;
  switch (member.type) {
    case FieldDescriptorProto_Type.STRING:
      return [`default = ${quote(value)}`];
    case FieldDescriptorProto_Type.BYTES:
      // The descriptor contains the escaped bytes exactly as the source has them between the quotes.
      return [`default = "${value}"`];
    default:
      return [`default = ${value}`];
  }
}

function jsonName(member: FieldDescriptorProto): string[] {
  const isDefault = member.jsonName === "" || member.jsonName === protoCamelCase(member.name);
  return isDefault ? [] : [`json_name = ${quote(member.jsonName)}`];
}

/** The name of a type in the source: relative to the package if the type is in the same package. */
export function typeName(name: string, context: Context): string {
  const local = `.${context.packageName}.`;
  return name.startsWith(local) ? name.slice(local.length) : name.slice(1);
}
