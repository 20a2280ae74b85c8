import { expect, test } from "vitest";
import type { ErrorRow, Reason } from "../../src/errors.ts";
import { errors, Fault, fault } from "../../src/errors.ts";

const rows = Object.entries(errors) as [Reason, ErrorRow][];

/** Documented codes that do not follow from the HTTP status. */
const documentedCodes = ["40001", "40002", "49102", "49103", "49106"];

function placesOf(message: string): string[] {
  return [...message.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => name);
}

test.each(rows)("%s has an HTTP error status", (_, { http }) => {
  expect(http).toBeGreaterThanOrEqual(400);
  expect(http).toBeLessThan(600);
});

test.each(rows)("%s has a documented REST code, or its HTTP status followed by 00", (_, row) => {
  expect(row.rest).toMatch(/^\d{5}$/);
  if (!documentedCodes.includes(row.rest)) expect(row.rest).toBe(`${row.http}00`);
});

test.each(rows)("%s fills every placeholder of its message", (reason, { message }) => {
  const values = Object.fromEntries(placesOf(message).map((name) => [name, `<${name}>`]));
  const made = fault(reason, values);
  expect(made).toBeInstanceOf(Fault);
  expect(made.reason).toBe(reason);
  expect(made.message).toBe(message.replaceAll("{", "<").replaceAll("}", ">"));
  expect(made.row).toBe(errors[reason]);
});

test.each(
  rows.flatMap(([reason, { message }]) => placesOf(message).map((place) => [reason, place])),
)("%s cannot be created without its %s", (reason, place) => {
  const { message } = errors[reason as Reason];
  const others = placesOf(message).filter((name) => name !== place);
  const values = Object.fromEntries(others.map((name) => [name, "x"]));
  expect(() => fault(reason as Reason, values)).toThrow(`${reason} needs a value for ${place}`);
});

test.each(rows.filter(([, { http }]) => http === 429 || http === 503))(
  "%s says when to retry",
  (_, { retryAfter }) => {
    expect(retryAfter).toBeGreaterThan(0);
    expect(Number.isInteger(retryAfter)).toBe(true);
  },
);

test("values are inserted literally", () => {
  const made = fault("PARAM_TYPE", { param: "$&{type}", type: "$1" });
  expect(made.message).toBe("Param '$&{type}' must be $1");
});

test("suffix, location and cause are kept, and the message does not contain the cause", () => {
  const cause = new Error("secret");
  const at = { path: "contacts[3].owner_xc_user_id", fieldCode: "102" };
  const made = fault("PARAM_REQUIRED", { param: "p" }, { at, suffix: " (contacts[3])", cause });
  expect(made.message).toBe("Param 'p' is required (contacts[3])");
  expect(made.at).toEqual(at);
  expect(made.cause).toBe(cause);
});

/** The table of the contract: reason, HTTP status, REST code, gRPC status, message. */
const contract: [Reason, number, string, string, string | RegExp][] = [
  [
    "SERVER_KEY_MISSING",
    400,
    "40001",
    "UNAUTHENTICATED",
    "Request headers are required (Server-Key)",
  ],
  ["PARAM_EMPTY", 400, "40002", "INVALID_ARGUMENT", "Param '{param}' cannot be empty"],
  ["PARAM_REQUIRED", 400, "40002", "INVALID_ARGUMENT", "Param '{param}' is required"],
  ["PARAM_TYPE", 400, "40002", "INVALID_ARGUMENT", /must be \{type\}/],
  ["PARAM_TOO_LONG", 400, "40002", "INVALID_ARGUMENT", /\{limit\} characters/],
  ["PARAM_TOO_MANY", 400, "40002", "INVALID_ARGUMENT", /\{limit\} entries/],
  ["PARAM_NUL", 400, "40002", "INVALID_ARGUMENT", /NUL/],
  ["PARAM_NOT_UNICODE", 400, "40002", "INVALID_ARGUMENT", /surrogate/],
  ["PARAM_RANGE", 400, "40002", "INVALID_ARGUMENT", /from \{least\} to \{most\}/],
  ["PARAM_PAGE_TOKEN", 400, "40002", "INVALID_ARGUMENT", /page token/],
  ["BODY_UNREADABLE", 400, "40002", "INVALID_ARGUMENT", /\{format\}/],
  ["BODY_NOT_OBJECT", 400, "40002", "INVALID_ARGUMENT", /JSON object/],
  ["BODY_TOO_MANY_VALUES", 400, "40002", "INVALID_ARGUMENT", /\{limit\} values/],
  ["SERVER_KEY_MALFORMED", 401, "49102", "UNAUTHENTICATED", /base64/],
  ["SERVER_KEY_INVALID", 401, "49103", "UNAUTHENTICATED", /not valid/],
  ["SERVER_KEY_EXPIRED", 401, "49106", "UNAUTHENTICATED", /expired/],
  ["NOT_FOUND", 404, "40400", "UNIMPLEMENTED", /path/],
  ["METHOD_NOT_ALLOWED", 405, "40500", "UNIMPLEMENTED", /POST/],
  ["METHOD_NOT_GET", 405, "40500", "UNIMPLEMENTED", /GET or HEAD/],
  ["FINGERPRINT_MISMATCH", 409, "40900", "FAILED_PRECONDITION", /fingerprint/],
  ["BODY_TOO_LARGE", 413, "41300", "RESOURCE_EXHAUSTED", /\{limit\} bytes/],
  ["UNSUPPORTED_MEDIA_TYPE", 415, "41500", "UNIMPLEMENTED", "Content-Type must be {types}"],
  ["RATE_LIMITED", 429, "42900", "RESOURCE_EXHAUSTED", /\{limit\} contacts per second/],
  ["INTERNAL", 500, "50000", "INTERNAL", "Internal error"],
  ["DATABASE_UNAVAILABLE", 503, "50300", "UNAVAILABLE", /database/],
  ["DEADLINE_EXCEEDED", 504, "50400", "DEADLINE_EXCEEDED", /deadline/],
];

test.each(contract)("%s is %i %s over REST and %s over gRPC", (reason, http, rest, grpc, text) => {
  expect(errors[reason]).toMatchObject({ http, rest, grpc });
  if (typeof text === "string") expect(errors[reason].message).toBe(text);
  else expect(errors[reason].message).toMatch(text);
});
