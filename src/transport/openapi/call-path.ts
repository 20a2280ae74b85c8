import type { DescMethodUnary } from "@bufbuild/protobuf";
import type { FieldLimitsOptions } from "../../api/field-limits.ts";
import { compileJsonDecoder } from "../../api/json-decoder.ts";
import { faultOf } from "../../api/violation.ts";
import type { Fault } from "../../errors.ts";
import { faultEnvelope, successEnvelope } from "../envelope.ts";
import type { ErrorExample } from "./error-responses.ts";
import { commonErrorExamples, errorResponses, exampleOf } from "./error-responses.ts";
import type { CallExample } from "./examples.ts";
import type { Json, JsonSchema, SchemaMap } from "./json-schema.ts";
import { refTo } from "./json-schema.ts";
import { rateLimitHeaderRefs } from "./rate-limit-headers.ts";
import { addRequestSchema } from "./request-schema.ts";
import { addResponseSchema } from "./response-schema.ts";
import type { Texts } from "./texts.ts";
import { firstSentence } from "./texts.ts";

export interface CallPathOptions {
  readonly rules: FieldLimitsOptions;
  readonly texts: Texts;
  /** The schemas of the call are added to it. */
  readonly schemas: SchemaMap;
  readonly example: CallExample;
}

/** The operation of the document for one call. */
export function callPath(method: DescMethodUnary, options: CallPathOptions): JsonSchema {
  const { rules, texts, schemas, example } = options;
  const description = texts.describe(method) ?? "";
  const requestSchema = addRequestSchema(method.input, { ...rules, texts, schemas });
  const dataSchema = addResponseSchema(method.output, { texts, schemas });
  const envelopeName = `${method.name}Envelope`;
  schemas.set(envelopeName, envelopeSchema(dataSchema));
  const errors = [
    ...parameterErrors(method, rules),
    ...(example.errors ?? []).map((reason) => exampleOf(reason)),
    ...commonErrorExamples,
  ];
  return {
    operationId: method.localName,
    summary: firstSentence(description),
    description,
    tags: ["Contacts"],
    security: [{ ServerKey: [] }],
    parameters: [refTo("parameters", "X-Request-Id")],
    requestBody: {
      required: true,
      content: {
        "application/json": {
          schema: requestSchema,
          examples: { example: { value: example.request } },
        },
      },
    },
    responses: {
      "200": {
        description: "The call succeeded.",
        headers: {
          "X-Request-Id": refTo("headers", "X-Request-Id"),
          ...rateLimitHeaderRefs,
        },
        content: {
          "application/json": {
            schema: refTo("schemas", envelopeName),
            examples: { example: { value: successEnvelope(example.data) as Json } },
          },
        },
        ...nextPageLink(method),
      },
      ...Object.fromEntries(errorResponses(errors)),
    },
  };
}

function envelopeSchema(data: JsonSchema): JsonSchema {
  return {
    type: "object",
    description: "The response of a successful call.",
    properties: {
      status: { type: "integer", const: 200 },
      error: refTo("schemas", "NoError"),
      data,
    },
    required: ["status", "error", "data"],
  };
}

/**
 * How a client gets the next page. The link has no `requestBody`: openapi-generator rejects a document with
 * one that is an object.
 */
function nextPageLink({ localName, input, output }: DescMethodUnary): JsonSchema {
  const token = input.field.pageToken;
  const next = output.field.nextPageToken;
  if (token === undefined || next === undefined) return {};
  return {
    links: {
      nextPage: {
        operationId: localName,
        description:
          `The next page: the same request, with \`${next.jsonName}\` as \`${token.jsonName}\`. ` +
          `An empty \`${next.jsonName}\` ends the list.`,
      },
    },
  };
}

/** The error of the decoder for a request without parameters. */
function parameterErrors(method: DescMethodUnary, rules: FieldLimitsOptions): ErrorExample[] {
  const decode = compileJsonDecoder(method.input, { ...rules, isRest: true });
  const { violation } = decode({});
  if (violation === undefined) return [];
  const rejection: Fault = faultOf(violation);
  return [{ reason: rejection.reason, envelope: faultEnvelope(rejection) }];
}
