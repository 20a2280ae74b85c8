import type { DescMessage, JsonObject } from "@bufbuild/protobuf";
import { createFileRegistry, createRegistry, fromJson } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { file_buf_validate_validate } from "../../../src/gen/buf/validate/validate_pb.ts";
import { file_contact_v1_options } from "../../../src/gen/contact/v1/options_pb.ts";

export interface FieldOptions {
  readonly type?: string;
  /** A message or enum of the same file, such as `.test.Entry`. */
  readonly typeName?: string;
  readonly repeated?: boolean;
  /** An `optional` field of proto3. */
  readonly optional?: boolean;
  /** Index in the message's oneofs. */
  readonly oneofIndex?: number;
  readonly jsonName?: string;
  /** `(buf.validate.field)`, as JSON. */
  readonly rules?: JsonObject;
  /** `(contact.v1.field_code)`. */
  readonly code?: number;
  /** `(contact.v1.required_in_json)`. */
  readonly requiredInJson?: boolean;
  /** `(contact.v1.absent_when_empty)`. */
  readonly absentWhenEmpty?: boolean;
}

export interface MessageOptions {
  readonly name?: string;
  readonly fields: Readonly<Record<string, FieldOptions>>;
  /** Oneofs as in the JSON of a descriptor: `{ name, options }`. */
  readonly oneofs?: readonly JsonObject[];
  /** Options of the message, as JSON. */
  readonly options?: JsonObject;
  readonly nested?: readonly JsonObject[];
}

const colours = [
  { name: "COLOUR_UNSPECIFIED", number: 0 },
  { name: "RED", number: 1 },
  { name: "GREEN", number: 2 },
];

const extensions = createRegistry(file_buf_validate_validate, file_contact_v1_options);

/** Compiles the message `test.Request` in memory, with other messages and an enum in the same file. */
export function compileMessage(
  { name = "Request", ...options }: MessageOptions,
  others: readonly JsonObject[] = [],
): DescMessage {
  const file = {
    name: "test.proto",
    package: "test",
    syntax: "proto3",
    messageType: [messageJson({ name, ...options }), ...others],
    enumType: [{ name: "Colour", value: colours }],
  };
  const proto = fromJson(FileDescriptorProtoSchema, file, { registry: extensions });
  const desc = createFileRegistry(proto, () => undefined).getMessage(`test.${name}`);
  if (desc === undefined) throw new Error(`test.${name} was not compiled`);
  return desc;
}

/** The message in the JSON form of a FileDescriptorProto. */
export function messageJson(options: MessageOptions): JsonObject {
  const { name = "Request", fields, oneofs = [] } = options;
  const described = Object.entries(fields).map(([field, rest], n) => fieldJson(field, n + 1, rest));
  // The compiler adds a oneof for each `optional` field, after the declared ones.
  let synthetic = oneofs.length;
  for (const field of described) if (field.proto3Optional === true) field.oneofIndex = synthetic++;
  const syntheticOneofs = described
    .filter((field) => field.proto3Optional)
    .map((field) => ({ name: `_${field.name}` }));
  return {
    name,
    field: described,
    oneofDecl: [...oneofs, ...syntheticOneofs],
    nestedType: [...(options.nested ?? [])],
    ...(options.options === undefined ? {} : { options: options.options }),
  };
}

function fieldJson(name: string, number: number, field: FieldOptions): JsonObject {
  const camelCase = name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
  return {
    name,
    number,
    jsonName: field.jsonName ?? camelCase,
    type: `TYPE_${(field.type ?? "string").toUpperCase()}`,
    label: field.repeated === true ? "LABEL_REPEATED" : "LABEL_OPTIONAL",
    ...(field.typeName === undefined ? {} : { typeName: field.typeName }),
    ...(field.optional === true ? { proto3Optional: true } : {}),
    ...(field.oneofIndex === undefined ? {} : { oneofIndex: field.oneofIndex }),
    options: {
      ...(field.rules === undefined ? {} : { "[buf.validate.field]": field.rules }),
      ...(field.code === undefined ? {} : { "[contact.v1.field_code]": field.code }),
      ...(field.requiredInJson === true ? { "[contact.v1.required_in_json]": true } : {}),
      ...(field.absentWhenEmpty === true ? { "[contact.v1.absent_when_empty]": true } : {}),
    },
  };
}
