import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { promisify } from "node:util";
import pino from "pino";
import { expect, onTestFinished, test } from "vitest";
import { createApp } from "../../src/app.ts";
import { parseConfig } from "../../src/config.ts";
import { createTestDatabase, withAdmin } from "../support/database.ts";
import { unhurried } from "../support/service.ts";
import { entry, syncOverRest } from "./support/calls.ts";

const run = promisify(execFile);

/** Runs a command of the command line. */
function kith(databaseUrl: string, ...args: string[]) {
  return run("node_modules/.bin/node", ["src/cli.ts", ...args], {
    env: { ...process.env, DATABASE_URL: databaseUrl },
  });
}

async function newRole(databaseUrl: string): Promise<{ name: string; url: string }> {
  const name = `role_${randomBytes(6).toString("hex")}`;
  await withAdmin(databaseUrl, (admin) => admin.query(`CREATE ROLE ${name} LOGIN`));
  onTestFinished(() =>
    withAdmin(databaseUrl, async (admin) => {
      await admin.query(`DROP OWNED BY ${name}; DROP ROLE ${name}`);
    }),
  );
  const url = new URL(databaseUrl);
  url.searchParams.set("user", name);
  return { name, url: url.href };
}

function start(databaseUrl: string) {
  return createApp({
    config: parseConfig({ PORT: "0", DATABASE_URL: databaseUrl, MIGRATE: "off", ...unhurried }),
    logger: pino({ level: "silent" }),
    onFatal: () => {},
  });
}

test("a role with the granted rights and no others serves calls with MIGRATE=off", async () => {
  const database = await createTestDatabase({ template: "template0" });
  onTestFinished(database.drop);
  const { name, url } = await newRole(database.url);

  await expect(start(url)).rejects.toThrow(/lacks migrations: 0001-initial, .* kith migrate/);
  await kith(database.url, "migrate");
  await expect(start(url)).rejects.toThrow(/lacks rights .*--grant-to/);

  const { stdout } = await kith(database.url, "migrate", "--grant-to", name);
  expect(stdout).toContain(`granted the rights of the service to ${name}`);
  await kith(database.url, "apps", "create", "demo");
  const created = await kith(database.url, "keys", "create", "--app", "demo", "--json");
  const { header } = JSON.parse(created.stdout);

  const app = await start(url);
  onTestFinished(async () => void (await app.close()));
  const { port } = await app.listen();
  const target = { url: `http://127.0.0.1:${port}`, header };
  const { status } = await syncOverRest(target, [entry("alice", "bob")]);
  expect(status).toBe(200);
});
