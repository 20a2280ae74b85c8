import type { Json, JsonSchema } from "./json-schema.ts";
import { refTo } from "./json-schema.ts";

const text: JsonSchema = { "text/plain": { schema: { type: "string" } } };

/** The paths beside the calls. They need no Server-Key. */
export const servicePaths: Readonly<Record<string, JsonSchema>> = {
  "/livez": {
    get: operation("getLivez", "Whether the process can respond", {
      "200": response("The process can respond.", text),
    }),
  },
  "/readyz": {
    get: {
      ...operation("getReadyz", "Whether the service can serve calls", {
        "200": response("The service can serve calls.", text),
        "503": response("The service is stopping, or its database cannot take writes.", text),
      }),
      parameters: [
        {
          name: "verbose",
          in: "query",
          description: "If it is present, the response has a line for each check.",
          allowEmptyValue: true,
          schema: { type: "string" },
        },
      ],
    },
  },
  "/version": {
    get: operation("getVersion", "The version that is running", {
      "200": response("The version.", {
        "application/json": { schema: refTo("schemas", "Version") },
      }),
    }),
  },
};

export const versionSchema: JsonSchema = {
  type: "object",
  properties: {
    version: { type: "string", description: "Of Kith.", examples: ["0.1.0"] },
    commit: {
      type: ["string", "null"],
      description: "The commit that the image was built from; null if it is not known.",
    },
    node: { type: "string", description: "Of Node.js.", examples: ["v24.21.0"] },
  },
  required: ["version", "commit", "node"],
};

function operation(operationId: string, summary: string, responses: JsonSchema): JsonSchema {
  return { operationId, summary, tags: ["Operation"], security: [], responses };
}

function response(description: string, content: Json): JsonSchema {
  return { description, headers: { "X-Request-Id": refTo("headers", "X-Request-Id") }, content };
}
