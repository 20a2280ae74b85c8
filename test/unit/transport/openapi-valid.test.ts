import { readFileSync } from "node:fs";
import { Validator } from "@seriousme/openapi-schema-validator";
import { expect, test } from "vitest";

const document = JSON.parse(readFileSync("docs/openapi.json", "utf8"));

test("docs/openapi.json is a valid document of OpenAPI 3.1", async () => {
  const validator = new Validator();
  const result = await validator.validate(structuredClone(document));
  expect(result).toEqual({ valid: true });
  expect(validator.version).toBe("3.1");
});

test.each([
  { fault: "a response without a description", path: ["responses", "200", "description"] },
  { fault: "a body without content", path: ["requestBody", "content"] },
])("the validator finds $fault", async ({ path }) => {
  const damaged = structuredClone(document);
  let at = damaged.paths["/v1/server/contact/sync"].post;
  for (const name of path.slice(0, -1)) at = at[name];
  delete at[path.at(-1) ?? ""];
  expect(await new Validator().validate(damaged)).toMatchObject({ valid: false });
});

test("no link has a request body that is an object, which openapi-generator rejects", () => {
  expect(JSON.stringify(document)).toContain('"links":');
  expect(JSON.stringify(document)).not.toMatch(/"requestBody":\{"(?!required|content)/);
});
