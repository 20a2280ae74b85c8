import type { DescField, DescMessage, DescMethod } from "@bufbuild/protobuf";
import { getOption, ScalarType } from "@bufbuild/protobuf";
import { ContactService } from "../../../src/gen/contact/v1/contact_service_pb.ts";
import { field_code } from "../../../src/gen/contact/v1/options_pb.ts";
import { http } from "../../../src/gen/google/api/annotations_pb.ts";

/** The facts that the pages must state for a call. */
export interface DocumentedCall {
  /** Such as `ListContacts`. */
  readonly name: string;
  /** Such as `contact.v1.ContactService/ListContacts`. */
  readonly method: string;
  /** Such as `/v1/server/contact/list`. */
  readonly route: string;
  /** Relative to the root of the repository. */
  readonly page: string;
  /** First cells of the rows: field code, name, type. */
  readonly request: readonly (readonly string[])[];
  /** First cells of the rows: name, type. */
  readonly answer: readonly (readonly string[])[];
}

/** Every call of the contact service. */
export const documentedCalls: readonly DocumentedCall[] = ContactService.methods.map((method) => {
  const request = fieldsOf(method.input);
  return {
    name: method.name,
    method: `${method.parent.typeName}/${method.name}`,
    route: routeOf(method),
    page: `docs/calls/${kebab(method.name)}.md`,
    request: request.map(({ field, name }) => [codeOf(field), name, requestTypeOf(field)]),
    answer: fieldsOf(method.output).map(({ field, name }) => [name, answerTypeOf(field)]),
  };
});

/** Every parameter with a field code, by its code. */
export const parametersByCode: ReadonlyMap<string, string> = new Map(
  ContactService.methods
    .flatMap(({ input }) => fieldsOf(input))
    .map(({ field }): [string, string] => [codeOf(field), field.jsonName])
    .sort(([a], [b]) => Number(a) - Number(b)),
);

interface NamedField {
  readonly field: DescField;
  /** With backquotes, such as `contacts[].ownerXCUserID`. */
  readonly name: string;
}

function fieldsOf(desc: DescMessage, prefix = ""): NamedField[] {
  return desc.fields.flatMap((field) => {
    const path = prefix + field.jsonName;
    const named = { field, name: `\`${path}\`` };
    const isListOfMessages = field.fieldKind === "list" && field.listKind === "message";
    return isListOfMessages ? [named, ...fieldsOf(field.message, `${path}[].`)] : [named];
  });
}

function routeOf(method: DescMethod): string {
  const { pattern } = getOption(method, http);
  if (pattern.case !== "post") throw new Error(`${method.name} has no route`);
  return pattern.value;
}

function codeOf(field: DescField): string {
  return String(getOption(field, field_code));
}

function kebab(name: string): string {
  return name.replace(/(?<=[a-z])[A-Z]/g, "-$&").toLowerCase();
}

function requestTypeOf(field: DescField): string {
  return field.scalar === ScalarType.BOOL ? 'boolean, or `"true"` / `"false"`' : typeOf(field);
}

function answerTypeOf(field: DescField): string {
  return field.message?.typeName === "google.protobuf.Timestamp" ? "string" : typeOf(field);
}

function typeOf(field: DescField): string {
  if (field.fieldKind === "list") return field.scalar === undefined ? "list" : "list of strings";
  switch (field.scalar) {
    case ScalarType.STRING:
      return "string";
    case ScalarType.BOOL:
      return "boolean";
    case ScalarType.INT32:
      return "integer";
    case ScalarType.INT64:
      return "number";
    default:
      throw new Error(`${field.name} has no JSON type`);
  }
}
