import type { DescMethodUnary } from "@bufbuild/protobuf";
import type { FieldLimitsOptions } from "../../api/field-limits.ts";
import { errors } from "../../errors.ts";
import { ContactService } from "../../gen/contact/v1/contact_service_pb.ts";
import { postPath } from "../rest/post-path.ts";
import { callPath } from "./call-path.ts";
import { callExamples } from "./examples.ts";
import type { JsonSchema, SchemaMap } from "./json-schema.ts";
import { rateLimitHeaders } from "./rate-limit-headers.ts";
import { servicePaths, versionSchema } from "./service-paths.ts";
import { createTexts } from "./texts.ts";

export interface OpenApiOptions {
  readonly rules: FieldLimitsOptions;
  /** The version of the service. */
  readonly version: string;
}

const methods: Readonly<Record<keyof typeof callExamples, DescMethodUnary>> = ContactService.method;

/**
 * The OpenAPI 3.1 document of the REST calls and of the paths beside them. It is made from the
 * descriptors, rules, and comments of the proto, and from the table of errors.
 */
export function createOpenApiDocument({ rules, version }: OpenApiOptions): JsonSchema {
  const schemas: SchemaMap = new Map([
    ["Version", versionSchema],
    ["NoError", noErrorSchema],
    ["ErrorEnvelope", errorEnvelopeSchema()],
  ]);
  const texts = createTexts(Object.values(methods).flatMap(({ input, output }) => [input, output]));
  const calls = Object.entries(callExamples).map(([name, example]): [string, JsonSchema] => {
    const method = methods[name as keyof typeof callExamples];
    return [postPath(method), { post: callPath(method, { rules, texts, schemas, example }) }];
  });
  return {
    openapi: "3.1.1",
    info: {
      title: "Kith",
      version,
      summary: "A self-hosted contact-list service",
      description: texts.describe(ContactService),
      license: { name: "MIT", identifier: "MIT" },
    },
    servers: [{ url: "/" }],
    tags: [
      { name: "Contacts", description: "The calls. Each needs a Server-Key." },
      { name: "Operation", description: "Probes and the version." },
    ],
    paths: { ...Object.fromEntries(calls), ...servicePaths },
    components: {
      schemas: Object.fromEntries([...schemas].sort(([a], [b]) => (a < b ? -1 : 1))),
      parameters: {
        "X-Request-Id": requestIdParameter,
        "X-Allow-Stale": allowStaleParameter,
      },
      headers: {
        "X-Request-Id": {
          description: "The id of the request, which the log contains too.",
          required: true,
          schema: { type: "string" },
        },
        "Retry-After": {
          description: "Seconds after which a retry can succeed.",
          required: true,
          schema: { type: "integer", minimum: 1 },
        },
        ...rateLimitHeaders,
      },
      securitySchemes: {
        ServerKey: {
          type: "apiKey",
          in: "header",
          name: "Server-Key",
          description: "base64 of `KEY_ID:KEY_SECRET`. A key belongs to one app.",
        },
      },
    },
  };
}

const requestIdParameter: JsonSchema = {
  name: "X-Request-Id",
  in: "header",
  description:
    "An id for the request, of 1 to 128 letters, digits and `_.:/+=@-`. The service makes one if it is absent or not valid.",
  schema: { type: "string" },
};

const allowStaleParameter: JsonSchema = {
  name: "X-Allow-Stale",
  in: "header",
  description:
    "`true`: a replica may answer, if the service has one. The response can then be older than other responses. Any other value has no effect.",
  schema: { type: "string", enum: ["true", "false"] },
};

const noErrorSchema: JsonSchema = {
  type: "object",
  description: "The `error` of a successful call: all its fields are empty.",
  properties: {
    code: { type: "string", const: "" },
    message: { type: "string", const: "" },
    field: { type: "string", const: "" },
  },
  required: ["code", "message", "field"],
};

function errorEnvelopeSchema(): JsonSchema {
  const codes = [...new Set(Object.values(errors).map(({ rest }) => rest))].sort();
  return {
    type: "object",
    description: "The response of a failed call.",
    properties: {
      status: { type: "integer", description: "The HTTP status." },
      error: {
        type: "object",
        properties: {
          code: { type: "string", description: `One of ${codes.join(", ")}.`, pattern: "^\\d{5}$" },
          message: { type: "string", description: "What is wrong, for a person." },
          field: {
            type: "string",
            description:
              "The field code of the parameter at fault, as in `x-field-code`, or empty.",
          },
        },
        required: ["code", "message", "field"],
      },
      data: { type: "object", description: "Empty." },
    },
    required: ["status", "error", "data"],
  };
}
