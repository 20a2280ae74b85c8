import { existsSync, readdirSync } from "node:fs";
import { join, posix } from "node:path";
import { describe, expect, test } from "vitest";
import { errors } from "../../src/errors.ts";
import { documentedCalls, parametersByCode } from "../support/docs/calls.ts";
import type { Page } from "../support/docs/page.ts";
import { readPage, sectionOf, tableRowsOf } from "../support/docs/page.ts";

const root = join(import.meta.dirname, "../..");
const readme = readPage("README.md");
const api = tableRowsOf(sectionOf(readme, "API"));

const paths = readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".md"))
  .map((path) => `docs/${path}`);

test("every call has a page, and there is no other", () => {
  const pages = paths.filter((path) => path.startsWith("docs/calls/"));
  const expected = documentedCalls.map(({ page }) => page);
  expect(pages.sort()).toEqual([...expected, "docs/calls/README.md"].sort());
});

describe.each(documentedCalls)("$page", ({ page: path, name, method, route, request, answer }) => {
  const page = readPage(path);

  test("has the name of the call, its route and its method", () => {
    expect(page.text).toMatch(new RegExp(`^# ${name}\n`));
    expect(page.text).toContain(`\n\`POST ${route}\`, or \`${method}\`\n`);
  });

  test("has every parameter, with its code and type", () => {
    const rows = tableRowsOf(sectionOf(page, "Request"));
    expect(rows.map((cells) => cells.slice(0, 3))).toEqual(request);
  });

  test("has every field of the response, with its type", () => {
    const rows = tableRowsOf(sectionOf(page, "Response"));
    expect(rows.map((cells) => cells.slice(0, 2))).toEqual(answer);
  });
});

test("the README has every call, with its page and route", () => {
  const calls = documentedCalls.map(({ name, page, route }) => [
    `[${name}](${page})`,
    `\`${route}\``,
  ]);
  const rows = api.filter(([link]) => link?.startsWith("["));
  expect(
    rows.map((cells) => cells.slice(0, 2)),
    "the table of calls in README.md",
  ).toEqual(calls);
});

test("the README has every field code", () => {
  const codes = [...parametersByCode].map(([code, name]) => [code, `\`${name}\``]);
  const rows = api.filter(([code]) => /^\d+$/.test(code ?? ""));
  expect(
    rows.map((cells) => cells.slice(0, 2)),
    "the table of field codes in README.md",
  ).toEqual(codes);
});

/** Without CANCELLED: its caller has disconnected and gets no response. */
const { CANCELLED: _, ...sentErrors } = errors;

test.each(Object.entries(sentErrors))("the README has the status and code of %s", (_name, row) => {
  const rows = api.map((cells) => cells.slice(1, 3));
  expect(rows).toContainEqual([String(row.http), row.rest]);
});

test.each([readme, ...paths.map(readPage)].map((page) => [page.path, page] as const))(
  "the links of %s exist",
  (_path, page) => {
    expect(brokenLinksOf(page)).toEqual([]);
  },
);

test("a link to a missing file or heading is found", () => {
  const text = "[a](calls/README.md#examples) [b](nothing.md) [c](calls/README.md#nothing) [d](#d)";
  const links = ["nothing.md", "calls/README.md#nothing", "#d"];
  expect(brokenLinksOf({ path: "docs/page.md", text })).toEqual(links);
});

/** The links to missing files, and to headings that a file does not have. */
function brokenLinksOf({ path, text }: Page): string[] {
  const links = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = ""]) => link);
  return links.filter((link) => {
    if (/^https?:/.test(link)) return false;
    const [file = "", heading] = link.split("#");
    const target = file === "" ? path : posix.join(posix.dirname(path), file);
    if (!existsSync(join(root, target))) return true;
    const targetText = file === "" ? text : heading === undefined ? "" : readPage(target).text;
    return heading !== undefined && !headingsOf(targetText).includes(heading);
  });
}

function headingsOf(text: string): string[] {
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replace(/[^\w\- ]/g, "")
      .replaceAll(" ", "-"),
  );
}
