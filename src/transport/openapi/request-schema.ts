import type { DescField, DescMessage } from "@bufbuild/protobuf";
import { getOption, ScalarType } from "@bufbuild/protobuf";
import { FeatureSet_FieldPresence as Presence } from "@bufbuild/protobuf/wkt";
import type { FieldLimits, FieldLimitsOptions } from "../../api/field-limits.ts";
import { readFieldLimits } from "../../api/field-limits.ts";
import { unsupported } from "../../api/unsupported.ts";
import { field_code, required_in_json } from "../../gen/contact/v1/options_pb.ts";
import type { JsonSchema, SchemaMap } from "./json-schema.ts";
import { refTo } from "./json-schema.ts";
import type { Texts } from "./texts.ts";

export interface RequestSchemaOptions extends FieldLimitsOptions {
  readonly texts: Texts;
  /** The schemas of the messages are added to it. */
  readonly schemas: SchemaMap;
}

/**
 * Adds the JSON that the decoder of REST accepts for a message, and returns a reference to it. A field
 * that is not required may also be null, because null counts as absent.
 *
 * @throws Error if a field has a kind or a constraint that is not supported
 */
export function addRequestSchema(desc: DescMessage, options: RequestSchemaOptions): JsonSchema {
  if (!options.schemas.has(desc.name)) {
    const fields = desc.fields.map((field) => {
      const limits = readFieldLimits(field, options);
      const isRequired = isRequiredField(field, limits);
      return { field, isRequired, schema: fieldSchema(field, { ...options, limits, isRequired }) };
    });
    const required = fields.filter((f) => f.isRequired).map(({ field }) => field.jsonName);
    options.schemas.set(desc.name, {
      type: "object",
      description: options.texts.describe(desc),
      properties: Object.fromEntries(fields.map((f) => [f.field.jsonName, f.schema])),
      ...(required.length > 0 && { required }),
    });
  }
  return refTo("schemas", desc.name);
}

/** Whether the decoder rejects a request without the field. */
function isRequiredField(field: DescField, { value, length }: FieldLimits): boolean {
  if (field.fieldKind === "list") return (length?.least ?? 0) > 0 || isRequiredList(field);
  const hasPresence = field.presence !== Presence.IMPLICIT;
  return value?.kind === "string" && value.minLength > 0 && !hasPresence;
}

function isRequiredList(field: DescField): boolean {
  return getOption(field, required_in_json);
}

interface FieldSchemaOptions extends RequestSchemaOptions {
  readonly limits: FieldLimits;
  readonly isRequired: boolean;
}

function fieldSchema(field: DescField, options: FieldSchemaOptions): JsonSchema {
  const { limits, isRequired, texts } = options;
  const code = getOption(field, field_code);
  const labels = {
    description: texts.describe(field),
    ...(code !== 0 && { "x-field-code": String(code) }),
  };
  if (field.fieldKind === "list") {
    const items =
      field.listKind === "message"
        ? addRequestSchema(field.message, options)
        : scalarSchema(field, { limits, isNullable: false });
    const { least = 0, most = Infinity } = limits.length ?? {};
    return {
      type: isRequired ? "array" : ["array", "null"],
      ...labels,
      items,
      ...(least > 0 && { minItems: least }),
      ...(most !== Infinity && { maxItems: most }),
    };
  }
  if (field.fieldKind === "scalar") {
    return { ...scalarSchema(field, { limits, isNullable: !isRequired }), ...labels };
  }
  throw unsupported(field, `OpenAPI for ${field.fieldKind} in requests`);
}

interface ScalarSchemaOptions {
  readonly limits: FieldLimits;
  readonly isNullable: boolean;
}

function scalarSchema(
  field: DescField,
  { limits: { value }, isNullable }: ScalarSchemaOptions,
): JsonSchema {
  if (value?.kind === "string") {
    const { minLength, maxLength, forbidsNul } = value;
    return {
      type: isNullable ? ["string", "null"] : "string",
      ...(minLength > 0 && { minLength }),
      ...(maxLength !== Infinity && { maxLength }),
      ...(forbidsNul && { pattern: "^[^\\u0000]*$" }),
    };
  }
  if (value?.kind === "int32") {
    return {
      type: isNullable ? ["integer", "null"] : "integer",
      format: "int32",
      minimum: value.least,
      maximum: value.most,
    };
  }
  if (field.scalar === ScalarType.BOOL) {
    // The decoder also accepts the two strings (documented contract).
    const types: JsonSchema[] = [{ type: "boolean" }, { type: "string", enum: ["true", "false"] }];
    return { anyOf: isNullable ? [...types, { type: "null" }] : types };
  }
  throw unsupported(field, "OpenAPI for this scalar in requests");
}
