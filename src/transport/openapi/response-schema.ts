import type { DescEnum, DescField, DescMessage } from "@bufbuild/protobuf";
import { getOption, ScalarType } from "@bufbuild/protobuf";
import { TimestampSchema } from "@bufbuild/protobuf/wkt";
import { unsupported } from "../../api/unsupported.ts";
import { absent_when_empty } from "../../gen/contact/v1/options_pb.ts";
import type { JsonSchema, SchemaMap } from "./json-schema.ts";
import { refTo } from "./json-schema.ts";
import type { Texts } from "./texts.ts";

export interface ResponseSchemaOptions {
  readonly texts: Texts;
  /** The schemas of the messages are added to it. */
  readonly schemas: SchemaMap;
}

/**
 * Adds the JSON that the encoder of REST writes for a message, and returns a reference to it.
 *
 * @throws Error if a field has a kind that is not supported
 */
export function addResponseSchema(desc: DescMessage, options: ResponseSchemaOptions): JsonSchema {
  if (!options.schemas.has(desc.name)) {
    const required = desc.fields.filter((field) => !getOption(field, absent_when_empty));
    options.schemas.set(desc.name, {
      type: "object",
      description: options.texts.describe(desc),
      properties: Object.fromEntries(
        desc.fields.map((field) => [field.jsonName, fieldSchema(field, options)]),
      ),
      required: required.map(({ jsonName }) => jsonName),
    });
  }
  return refTo("schemas", desc.name);
}

function fieldSchema(field: DescField, options: ResponseSchemaOptions): JsonSchema {
  const description = options.texts.describe(field);
  const schema = valueSchema(field, options);
  if (field.fieldKind === "list") return { type: "array", description, items: schema };
  return { ...schema, description };
}

/** The schema of a singular field, or of one entry in a list. */
function valueSchema(field: DescField, options: ResponseSchemaOptions): JsonSchema {
  if (field.message?.typeName === TimestampSchema.typeName) {
    return { type: "string", format: "date-time" };
  }
  if (field.message !== undefined) return addResponseSchema(field.message, options);
  if (field.enum !== undefined) return addEnumSchema(field.enum, options);
  switch (field.scalar) {
    case ScalarType.STRING:
      return { type: "string" };
    case ScalarType.BOOL:
      return { type: "boolean" };
    case ScalarType.INT64:
      // A count, as a JSON number (documented contract).
      return { type: "integer", minimum: 0, maximum: Number.MAX_SAFE_INTEGER };
    default:
      throw unsupported(field, "OpenAPI for this scalar in responses");
  }
}

/** The value 0 stands for "not set", and responses do not contain it. */
function addEnumSchema(desc: DescEnum, { texts, schemas }: ResponseSchemaOptions): JsonSchema {
  const values = desc.values.filter(({ number }) => number !== 0);
  const meanings = values.map(
    ({ name }) => `- \`${name}\`: ${texts.describeValue(desc.typeName, name) ?? ""}`,
  );
  schemas.set(desc.name, {
    type: "string",
    enum: values.map(({ name }) => name),
    description: [texts.describe(desc), "", ...meanings].join("\n"),
  });
  return refTo("schemas", desc.name);
}
