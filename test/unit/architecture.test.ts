import { describe, expect, test } from "vitest";
import { faultsOf, partOf } from "./support/architecture.ts";
import { importsOf, readSources } from "./support/imports.ts";

const sources = readSources("src");
const byPath = sources.map((file) => [file.path, file] as const);

test("the test finds the source files", () => {
  const found = sources.map(({ path }) => path);
  expect(found).toEqual(expect.arrayContaining(["src/main.ts", "src/api/json-decoder.ts"]));
  expect(sources.flatMap(importsOf).length).toBeGreaterThan(100);
});

test.each(byPath)("%s follows the rules of its part", (_, file) => {
  expect(faultsOf(file)).toEqual([]);
});

test.each(byPath)("%s has only imports that this test can read", (_, file) => {
  const mentions =
    file.text.match(/^(import|\} from)\b|^export [^;]* from "|\bimport\(\s*"/gm) ?? [];
  const multiline = file.text.match(/^import (type )?\{$/gm) ?? [];
  expect(importsOf(file)).toHaveLength(mentions.length - multiline.length);
});

test("no two parts import each other", () => {
  const edges = new Map<string, Set<string>>();
  for (const file of sources) {
    const targets = edges.get(partOf(file.path)) ?? new Set();
    for (const { from, isPackage } of importsOf(file)) if (!isPackage) targets.add(partOf(from));
    edges.set(partOf(file.path), targets);
  }
  const mutual = [...edges].flatMap(([part, targets]) =>
    [...targets]
      .filter((other) => other !== part && edges.get(other)?.has(part))
      .map((other) => `${part} <-> ${other}`),
  );
  expect(mutual).toEqual([]);
});

/** Files that violate a rule, and the expected error. */
const violations: [path: string, text: string, fault: string][] = [
  ["src/api/a.ts", 'import { b } from "../storage/b.ts";', "api may not import storage"],
  ["src/api/a.ts", 'import type { B } from "../transport/b.ts";', "api may not import transport"],
  ["src/storage/a.ts", 'import { b } from "../api/b.ts";', "storage may not import api"],
  [
    "src/storage/a.ts",
    'import { b } from "../transport/b.ts";',
    "storage may not import transport",
  ],
  [
    "src/transport/a/b.ts",
    'import { b } from "../../storage/b.ts";',
    "transport may not import storage",
  ],
  ["src/errors.ts", 'import { b } from "./access/b.ts";', "errors may not import access"],
  ["src/contact/a.ts", 'import { b } from "../access/b.ts";', "contact may not import access"],
  ["src/contact/a.ts", 'import { b } from "../gen/b.ts";', "contact may not import gen"],
  ["src/contact/a.ts", 'import { readFile } from "node:fs";', "contact does no input or output"],
  ["src/access/a.ts", 'import net from "node:net";', "access does no input or output"],
  ["src/access/a.ts", 'import type { Kysely } from "kysely";', "access does no input or output"],
  [
    "src/access/a.ts",
    'import {\n  type A,\n  b,\n} from "@connectrpc/connect";',
    "access does no input or output",
  ],
  ["src/api/a.ts", 'import type { Kysely } from "kysely";', "only storage imports kysely"],
  ["src/app.ts", 'import { sql } from "kysely";', "only storage imports kysely"],
  ["src/app.ts", 'import { type Kysely, sql } from "kysely";', "only storage imports kysely"],
  ["src/app.ts", 'import type pg from "pg";', "only storage imports kysely"],
  ["src/cli.ts", 'import "pg";', "only storage imports kysely"],
  ["src/cli.ts", 'export * from "kysely/migration";', "only storage imports kysely"],
  [
    "src/database.ts",
    'import { a } from "./embedded/a.ts";',
    "embedded may only be loaded by import()",
  ],
  ["src/main.ts", 'await import("./embedded/a.ts");', "main may not import embedded"],
  ["src/storage/a.ts", 'await import(\n  "../embedded/a.ts")', "storage may not import embedded"],
  ["src/config.ts", "const { PORT } = process.env;", "only main and cli may"],
  ["src/main.ts", 'console.log("x");', "only cli may"],
  ["src/other/a.ts", "", "does not belong to a known part"],
  ["src/api/a.ts", `${"\n".repeat(299)}const a = 1;\n`, "has 300 lines"],
];

describe("a violation is found and explained", () => {
  test.each(violations)("%s: %j", (path, text, fault) => {
    const faults = faultsOf({ path, text });
    expect(faults).toHaveLength(1);
    expect(faults[0]).toMatch(new RegExp(`^${path}.*${fault.replace(/[()]/g, "\\$&")}`));
  });
});

const kept: [path: string, text: string][] = [
  ["src/api/a.ts", 'import { b } from "../contact/b.ts";\nimport { c } from "../gen/c.ts";'],
  ["src/transport/a.ts", 'import { b } from "../api/b.ts";'],
  ["src/access/a.ts", 'import { hash } from "node:crypto";'],
  ["src/app.ts", 'import type { Kysely } from "kysely";'],
  ["src/app.ts", 'import { type Kysely } from "kysely";'],
  ["src/database.ts", 'const x = await import("./embedded/a.ts");'],
  ["src/cli.ts", "console.log(process.env.PORT);"],
  ["src/api/a.ts", '// import { b } from "../storage/b.ts";\n/* process.env console.log */'],
  ["src/api/a.ts", `${"\n".repeat(298)}const a = 1;\n`],
  ["src/gen/a.ts", "const a = 1;\n".repeat(500)],
];

test.each(kept)("%s may have %j", (path, text) => {
  expect(faultsOf({ path, text })).toEqual([]);
});
