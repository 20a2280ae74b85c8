import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { generatedFiles } from "../../docs/generated-files.ts";
import { callExamples } from "../../src/transport/openapi/examples.ts";
import { documentedCalls } from "../support/docs/calls.ts";
import { examplesOf, readPage, sectionOf } from "../support/docs/page.ts";

test.each(Object.entries(generatedFiles))(
  "docs/%s is what npm run generate writes",
  (name, text) => {
    expect(readFileSync(`docs/${name}`, "utf8")).toBe(text);
  },
);

test.each(documentedCalls)("the example of $name is the first on its page", ({ name, page }) => {
  const example =
    callExamples[(name[0]?.toLowerCase() + name.slice(1)) as keyof typeof callExamples];
  const [first] = examplesOf(sectionOf(readPage(page), "Examples"));
  const [, body = ""] = /-d '(.*)'$/s.exec(first?.command ?? "") ?? [];
  expect(example.request).toEqual(JSON.parse(body));
  expect(example.data).toEqual(JSON.parse(first?.answer ?? "").data);
});
