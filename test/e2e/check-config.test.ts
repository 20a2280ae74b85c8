import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { startArguments } from "../support/start-arguments.ts";

const root = resolve(import.meta.dirname, "../..");
/** No server listens there: a check that connected to its database would fail. */
const unusedDatabase = "postgres://kith@127.0.0.1:1/kith";

function checkConfig(env: Record<string, string>) {
  return spawnSync(process.execPath, [...startArguments, "--check-config"], {
    cwd: root,
    env: { PATH: process.env.PATH, NODE_ENV: "production", ...env },
    encoding: "utf8",
  });
}

test("--check-config exits 0 for a valid configuration, without a database", () => {
  const { status, stdout, stderr } = checkConfig({ DATABASE_URL: unusedDatabase });
  expect({ status, stdout, stderr }).toEqual({
    status: 0,
    stdout: "The configuration is valid\n",
    stderr: "",
  });
});

test("--check-config exits 1 and names every variable that is not valid", () => {
  const { status, stdout, stderr } = checkConfig({ PORT: "no", LOG_LEVEL: "loud" });
  expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
  for (const name of ["PORT", "LOG_LEVEL", "DATABASE_URL"]) expect(stderr).toContain(name);
});

test("--check-config loads the whole service, and so fills the compile cache that the image ships", () => {
  const cache = mkdtempSync(join(tmpdir(), "kith-compile-cache-"));
  try {
    checkConfig({ DATABASE_URL: unusedDatabase, NODE_COMPILE_CACHE: cache });
    const entries = readdirSync(cache, { recursive: true });
    const sources = readdirSync(join(root, "src"), { recursive: true });
    expect(entries.length).toBeGreaterThan(sources.length);
  } finally {
    rmSync(cache, { recursive: true });
  }
});
