import { describe, expect, test } from "vitest";
import { ConfigError, parseConfig } from "../../src/config.ts";
import { databaseVariables } from "./support/variables/database.ts";
import { limitsVariables } from "./support/variables/limits.ts";
import { networkVariables } from "./support/variables/network.ts";
import { pagesVariables } from "./support/variables/pages.ts";
import { telemetryVariables } from "./support/variables/telemetry.ts";

/** In the order of the README. */
const configVariables = [
  ...networkVariables,
  ...databaseVariables,
  ...limitsVariables,
  ...telemetryVariables,
  ...pagesVariables,
];

const picky = configVariables.filter(({ bad }) => bad.length > 0);

/** The errors that parseConfig reports, one line each. */
function faultsOf(env: Record<string, string>): string[] {
  try {
    parseConfig(env);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    const [title, ...lines] = (error as ConfigError).message.split("\n");
    expect(title).toBe("Invalid configuration:");
    return lines.map((line) => line.trim());
  }
  return [];
}

test("every property has a row in the tables", () => {
  const properties = configVariables.map(({ property }) => property);
  expect(Object.keys(parseConfig({})).sort()).toEqual([...new Set(properties)].sort());
});

describe.each(configVariables)("$name", ({ name, property, fallback, good, bad, allowed }) => {
  test(`is ${JSON.stringify(fallback) ?? "absent"} by default`, () => {
    expect(parseConfig({})[property]).toEqual(fallback);
  });

  test("counts as absent if it is empty", () => {
    expect(parseConfig({ [name]: "" })[property]).toEqual(fallback);
  });

  test.each(good)("can be %j", (text, value) => {
    expect(parseConfig({ [name]: text })[property]).toEqual(value);
  });

  if (bad.length > 0) {
    test.each(bad)("cannot be %j, and the error lists the allowed values", (text) => {
      expect(faultsOf({ [name]: text })).toEqual([`${name} must be ${allowed}`]);
    });
  }
});

test("all bad variables are reported at once, in the order of the README", () => {
  const env = Object.fromEntries(picky.map(({ name, bad }) => [name, bad[0] ?? ""]));
  expect(faultsOf(env)).toEqual(picky.map(({ name, allowed }) => `${name} must be ${allowed}`));
});

test("the error does not contain a value, because it may be a secret", () => {
  const env = { BOOTSTRAP_SERVER_KEY: "hunter2", DATABASE_URL: "mysql://me:hunter2@localhost/x" };
  expect(faultsOf(env)).toHaveLength(2);
  expect(faultsOf(env).join()).not.toContain("hunter2");
});

const production = { NODE_ENV: "production" };
const needsUrl = /^DATABASE_URL must be set when NODE_ENV is production/;

test.each([
  ["without DATABASE_URL", production],
  ["with an empty DATABASE_URL", { ...production, DATABASE_URL: "" }],
])("production %s is rejected", (_, env) => {
  expect(faultsOf(env)).toEqual([expect.stringMatching(needsUrl)]);
});

test("production without DATABASE_URL is reported together with the other errors", () => {
  expect(faultsOf({ ...production, PORT: "x" })).toEqual([
    expect.stringMatching(/^PORT must be/),
    expect.stringMatching(needsUrl),
  ]);
});

test("production with an invalid DATABASE_URL is one error", () => {
  expect(faultsOf({ ...production, DATABASE_URL: "x" })).toEqual([
    expect.stringMatching(/^DATABASE_URL must be a URL/),
  ]);
});

test("production with DATABASE_URL is accepted", () => {
  const config = parseConfig({ ...production, DATABASE_URL: "postgres://localhost/kith" });
  expect(config.databaseUrl).toBe("postgres://localhost/kith");
});

test.each([
  { DOCS: "", docs: false },
  { DOCS: "on", docs: true },
])("in production, DOCS=$DOCS is $docs", ({ DOCS, docs }) => {
  const env = { ...production, DATABASE_URL: "postgres://localhost/kith", DOCS };
  expect(parseConfig(env).docs).toBe(docs);
});

test("the configuration is frozen", () => {
  const config = parseConfig({});
  expect(Object.isFrozen(config)).toBe(true);
  expect(() => Object.assign(config, { port: 1 })).toThrow(TypeError);
});

test("other variables are ignored", () => {
  expect(parseConfig({ PATH: "/bin", KITH: "x" })).toEqual(parseConfig({}));
});

test("METRICS_PORT cannot be PORT, unless both select a free port", () => {
  expect(faultsOf({ METRICS_PORT: "8080" })).toEqual([
    "METRICS_PORT must not be PORT: leave it out to use the port of the service",
  ]);
  expect(faultsOf({ PORT: "0", METRICS_PORT: "0" })).toEqual([]);
});
