import { maxValues } from "../../api/value-limit.ts";
import type { ErrorRow, Reason } from "../../errors.ts";
import { errors, fault } from "../../errors.ts";
import { faultEnvelope } from "../envelope.ts";
import { requiredHeadersOf } from "../fault-response.ts";
import type { Json, JsonSchema } from "./json-schema.ts";
import { refTo } from "./json-schema.ts";

/**
 * The errors that every call can have over REST, with values for the places of their messages. The
 * errors of parameters are not here: each call has its own.
 */
const commonErrors: { readonly [R in Reason]?: Readonly<Record<string, string>> } = {
  SERVER_KEY_MISSING: {},
  BODY_UNREADABLE: { format: "JSON" },
  BODY_NOT_OBJECT: {},
  BODY_TOO_MANY_VALUES: { limit: maxValues.toLocaleString("en-US") },
  BAD_REQUEST: {},
  SERVER_KEY_MALFORMED: {},
  SERVER_KEY_INVALID: {},
  SERVER_KEY_EXPIRED: {},
  REQUEST_TIMEOUT: {},
  BODY_TOO_LARGE: { limit: "8,388,608" },
  UNSUPPORTED_MEDIA_TYPE: { types: "application/json" },
  UNSUPPORTED_ENCODING: {},
  OVERLOADED: {},
  RATE_LIMITED: { limit: "1000" },
  INTERNAL: {},
  DATABASE_UNAVAILABLE: {},
  DEADLINE_EXCEEDED: {},
};

export interface ErrorExample {
  readonly reason: Reason;
  /** The body of the response. */
  readonly envelope: ReturnType<typeof faultEnvelope>;
}

/** An example of each error that every call can have. */
export const commonErrorExamples: readonly ErrorExample[] = Object.entries(commonErrors).map(
  ([reason, values]) => exampleOf(reason as Reason, values),
);

export function exampleOf(reason: Reason, values: Readonly<Record<string, string>> = {}) {
  return { reason, envelope: faultEnvelope(fault(reason, values)) };
}

/** The responses of failed calls, one for each HTTP status. */
export function errorResponses(examples: readonly ErrorExample[]): [status: string, Json][] {
  const byStatus = Map.groupBy(examples, ({ envelope }) => envelope.status);
  return [...byStatus]
    .sort(([a], [b]) => a - b)
    .map(([status, ofStatus]) => [String(status), errorResponse(ofStatus)]);
}

function errorResponse(examples: readonly ErrorExample[]): JsonSchema {
  const reasons = [...new Set(examples.map(({ reason }) => reason))];
  const lines = reasons.map((reason) => `- \`${errors[reason].rest}\`: ${meaningOf(reason)}`);
  return {
    description: lines.join("\n"),
    headers: headersOf(reasons),
    content: {
      "application/json": {
        schema: refTo("schemas", "ErrorEnvelope"),
        examples: Object.fromEntries(
          examples.map(({ reason, envelope }) => [reason, { value: envelope }]),
        ),
      },
    },
  };
}

/** The message of the table, with its places as they are named there. */
function meaningOf(reason: Reason): string {
  return errors[reason].message.replace(/\{(\w+)\}/g, "*$1*");
}

function headersOf(reasons: readonly Reason[]): JsonSchema {
  const rows: readonly ErrorRow[] = reasons.map((reason) => errors[reason]);
  const headers = reasons.flatMap((reason) => Object.keys(requiredHeadersOf(reason)));
  return {
    "X-Request-Id": refTo("headers", "X-Request-Id"),
    ...Object.fromEntries(
      headers.map((name): [string, Json] => [name, { schema: { type: "string" } }]),
    ),
    ...(rows.every(({ retryAfter }) => retryAfter !== undefined) && {
      "Retry-After": refTo("headers", "Retry-After"),
    }),
  };
}
