import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { entry, syncOverRest } from "./support/calls.ts";
import { serveForFile } from "./support/served.ts";

interface Row {
  readonly name: string;
  readonly type: string;
  readonly labels: readonly string[];
  readonly help: string;
}

const served = serveForFile();

const rows: Row[] = readFileSync("docs/metrics.md", "utf8")
  .split("\n")
  .filter((line) => line.startsWith("| `"))
  .map((line) => {
    const [, name = "", type = "", labels = "", help = ""] = line.split("|").map((c) => c.trim());
    return { name: unquoted(name), type, labels: labels.match(/\w+/g) ?? [], help };
  });

function unquoted(text: string): string {
  return text.replaceAll("`", "");
}

async function read(): Promise<string> {
  await syncOverRest(served, [entry("a", "b")]);
  return (await fetch(`${served.url}/metrics`)).text();
}

test("docs/metrics.md has the name, type and text of every metric, and no others", async () => {
  const text = await read();
  const types = new Map(
    [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => [name, type]),
  );
  const found = [...text.matchAll(/^# HELP (\S+) (.+)$/gm)].map(([, name = "", help]) => {
    return { name, type: types.get(name), help };
  });
  expect(found).toEqual(rows.map(({ name, type, help }) => ({ name, type, help })));
});

test("docs/metrics.md has all labels", async () => {
  const documented = new Map(rows.map(({ name, labels }) => [name, labels]));
  for (const line of (await read()).split("\n").filter((each) => each.includes("{"))) {
    const [, series = "", labels = ""] = /^(\w+)\{(.*)\}/.exec(line) ?? [];
    const base = series.replace(/_(bucket|sum|count)$/, "");
    const expected = documented.get(series) ?? documented.get(base) ?? [];
    const names = [...labels.matchAll(/(\w+)="/g)].map(([, name]) => name);
    expect(names.filter((name) => name !== "le").sort(), line).toEqual([...expected].sort());
  }
});
