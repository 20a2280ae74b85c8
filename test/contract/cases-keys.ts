import type { TestApp } from "../support/service.ts";
import type { ContractCase } from "./case.ts";
import { base64, oneContact, rejected } from "./case.ts";

const malformed = rejected(401, "49102");
const invalid = rejected(401, "49103");
const accepted = {
  http: 200,
  body: {
    status: 200,
    error: { code: "", message: "", field: "" },
    data: { countInserted: 1, countDeleted: 0 },
  },
};

const encoded = (make: (app: TestApp) => string) => (app: TestApp) => base64(make(app));

/** Values of the header that are not base64 of id:secret. */
const malformedKeys: Readonly<Record<string, ContractCase["key"] & {}>> = {
  "in plain text": (app) => `${app.key.id}:${app.key.secret}`,
  "with an empty id": encoded((app) => `:${app.key.secret}`),
  "with an empty secret": encoded((app) => `${app.key.id}:`),
  "that is a colon": "encode::",
  "that is only padding": "header:====",
  "in url-safe base64": "header:Pz8_Ojo-",
  "with a space in it": ({ header }) => `${header.slice(0, 8)} ${header.slice(8)}`,
  "with a comma after it": ({ header }) => `${header},`,
  "twice in one header": ({ header }) => `${header}, ${header}`,
  "after the word Basic": ({ header }) => `Basic ${header}`,
  "in quotes": ({ header }) => `"${header}"`,
  "with padding in its middle": "header:YTpi=YTpi",
  "of a length that base64 cannot have": "header:YTpiY",
};

const invalidKeys: Readonly<Record<string, ContractCase["key"] & {}>> = {
  "with another id": encoded((app) => `${app.key.id}x:${app.key.secret}`),
  "with the id in capitals": encoded((app) => `${app.key.id.toUpperCase()}A:${app.key.secret}`),
  "with a space before the id": encoded((app) => ` ${app.key.id}:${app.key.secret}`),
  "with a secret that is too long": encoded((app) => `${app.key.id}:${app.key.secret}x`),
  "with a secret that is too short": encoded(
    (app) => `${app.key.id}:${app.key.secret.slice(0, -1)}`,
  ),
  "with a line break after the secret": encoded((app) => `${app.key.id}:${app.key.secret}\n`),
  "with two colons": encoded((app) => `${app.key.id}::${app.key.secret}`),
  "with id and secret swapped": encoded((app) => `${app.key.secret}:${app.key.id}`),
  "with SQL for an id": "encode:' OR '1'='1:x",
  "with an array of Postgres for an id": 'encode:{"a"}:x',
  "with __proto__ for an id": "encode:__proto__:x",
  "with emoji for an id": "encode:👍:👍",
  "with a NUL in its id": "encode:a\0b:x",
  "with a NUL in its secret": encoded((app) => `${app.key.id}:a\0b`),
  "with a long id": `encode:${"x".repeat(700)}:y`,
  "with an id longer than that of any key": `encode:${"x".repeat(3_000)}:y`,
  "with a long secret": encoded((app) => `${app.key.id}:${"x".repeat(3_000)}`),
};

export const keyCases: readonly ContractCase[] = [
  ...Object.entries(malformedKeys).map(([name, key]) => ({
    name: `a Server-Key ${name}`,
    key,
    body: oneContact,
    expect: malformed,
  })),
  ...Object.entries(invalidKeys).map(([name, key]) => ({
    name: `a Server-Key ${name}`,
    key,
    body: oneContact,
    expect: invalid,
  })),
  {
    name: "a Server-Key without padding",
    key: ({ header }) => header.replace(/=+$/, ""),
    body: oneContact,
    expect: accepted,
  },
  {
    name: "the Authorization header is not read as a Server-Key",
    key: "none",
    headers: { authorization: "Bearer YTpi" },
    body: oneContact,
    expect: {
      http: 400,
      error: { code: "40001", message: "Request headers are required (Server-Key)", field: "" },
    },
  },
];
