import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import packageJson from "../../package.json" with { type: "json" };
import type { TestService } from "../support/service.ts";
import { startService } from "../support/service.ts";
import { entry, expectToServe, syncOverRest } from "./support/calls.ts";
import { eventually } from "./support/eventually.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

let service: TestService;
beforeAll(async () => {
  service = await startService();
});
afterAll(() => service.stop());

interface Output {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `kith` with these arguments as a process, on the database of the service. */
async function kith(words: readonly string[], input = "", cwd = root): Promise<Output> {
  const child = spawn(`${root}bin/kith`, words, {
    cwd,
    // No deletion has to wait for requests of this test.
    env: { PATH: process.env.PATH, DATABASE_URL: service.databaseUrl, REQUEST_TIMEOUT_MS: "1" },
  });
  child.stdin.on("error", () => {}).end(input);
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "close"),
  ]);
  return { code, stdout, stderr };
}

async function kithJson(...words: string[]) {
  const { code, stdout, stderr } = await kith([...words, "--json"]);
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}

async function kithError(...words: string[]): Promise<string> {
  const { code, stdout, stderr } = await kith(words);
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  return stderr;
}

const statusOf = async (header: string) =>
  (await syncOverRest({ url: service.url, header }, [entry("a", "b")])).status;

test("--version prints the version, from any directory", async () => {
  const { code, stdout } = await kith(["--version"], "", "/");
  expect({ code, stdout }).toEqual({ code: 0, stdout: `${packageJson.version}\n` });
});

test("the package has the command kith, which npm run kith starts too", () => {
  expect(packageJson.bin).toEqual({ kith: "bin/kith" });
  expect(packageJson.scripts.kith).toBe("exec bin/kith");
});

test("a key is created with a name, used, listed, rotated, and revoked", async () => {
  await kithJson("apps", "create", "shop");
  const first = await kithJson("keys", "create", "--app", "shop", "--name", "web 1");
  expect(first).toMatchObject({ app: "shop", name: "web 1", expiresAt: null });
  await expectToServe({ url: service.url, header: first.header });
  const list = () => kithJson("keys", "list", "--app", "shop");
  await eventually("the use is recorded", async () => (await list())[0].lastUsedAt !== null);
  expect(await list()).toEqual([
    {
      ...{ id: first.id, app: "shop", name: "web 1", state: "active" },
      ...{ createdAt: expect.any(String), expiresAt: null },
      ...{ lastUsedAt: expect.any(String), revokedAt: null },
    },
  ]);

  const second = await kithJson("keys", "rotate", first.id, "--overlap", "1h", "--expires", "9d");
  expect(second).toMatchObject({ app: "shop", name: "web 1", replaces: { id: first.id } });
  const overlap = Date.parse(second.replaces.expiresAt) - Date.now();
  expect(overlap).toBeGreaterThan(0);
  expect(overlap).toBeLessThanOrEqual(3_600_000);
  for (const { header } of [first, second]) expect(await statusOf(header)).toBe(200);

  await kithJson("keys", "revoke", first.id);
  expect(await list()).toMatchObject([
    { id: first.id, state: "revoked" },
    { id: second.id, state: "active", expiresAt: second.expiresAt },
  ]);
  expect(await kithError("keys", "rotate", first.id)).toContain("is revoked; create a new key");
  expect(await kithJson("apps", "show", "shop")).toMatchObject({
    ...{ name: "shop", hasMoreContacts: false, lastUsedAt: expect.any(String) },
    ...{ activeKeys: 1, expiredKeys: 0, revokedKeys: 1 },
  });
});

test("the text of keys list and keys rotate has what a person needs", async () => {
  const { name } = await service.createApp();
  const { id } = await kithJson("keys", "create", "--app", name, "--name", "a b");
  const rotated = await kith(["keys", "rotate", id]);
  expect(rotated.stdout).toMatch(/^secret +\S{43}$/m);
  expect(rotated.stdout).toContain(`key ${id} is valid until 2`);
  const { stdout } = await kith(["keys", "list"]);
  expect(stdout).toMatch(/^id +app +name +state +createdAt +expiresAt +lastUsedAt +revokedAt$/m);
  expect(stdout).toMatch(new RegExp(`^${id} +${name} +a b +active `, "m"));
});

test("apps limit sets the rate limit of an app, and removes it", async () => {
  const { name, header } = await service.createApp();
  const limit = (...words: string[]) => kithJson("apps", "limit", name, ...words);
  const list = () => kithJson("apps", "list");
  const set = { contactsPerSecond: 500, burst: 2_000 };
  const words = ["--contacts-per-second", "500", "--burst", "2000"];
  expect(await limit(...words)).toEqual({ name, ...set });
  expect(await list()).toContainEqual(expect.objectContaining({ name, ...set }));
  const { headers } = await syncOverRest({ url: service.url, header }, [entry("a", "b")]);
  expect(headers.get("ratelimit-policy")).toBe('"contacts";q=2000;w=4;qu="contacts"');

  const plain = await kith(["apps", "limit", name, "--contacts-per-second", "600"]);
  expect(plain.stdout).toBe(`app ${name}: 600 contacts per second, 600 at once\n`);
  const none = { contactsPerSecond: null, burst: null };
  expect(await limit("--default")).toEqual({ name, ...none });
  expect(await list()).toContainEqual(expect.objectContaining({ name, ...none }));
});

test("apps delete asks for the name of the app, and deletes nothing without it", async () => {
  const { name, key, header } = await service.createApp();
  for (const input of ["", "y\n", "other\n"]) {
    const { code, stdout, stderr } = await kith(["apps", "delete", name], input);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toContain(`App ${name} has 0 contacts and 1 active keys.`);
    expect(stderr).toContain("nothing was deleted");
  }
  expect(await kithJson("keys", "list", "--app", name)).toMatchObject([
    { id: key.id, state: "active" },
  ]);
  expect(await statusOf(header)).toBe(200);
});

// Each waits for 10 s until no process accepts the keys.
test.concurrent.each([
  { what: "the name is typed", flags: [], isTyped: true },
  { what: "--yes is given", flags: ["--yes"], isTyped: false },
])("apps delete deletes the app if $what", async ({ flags, isTyped }) => {
  const { name, header } = await service.createApp();
  expect(await statusOf(header)).toBe(200);
  const input = isTyped ? `${name}\n` : "";
  const { code, stdout, stderr } = await kith(["apps", "delete", name, "--json", ...flags], input);
  expect(stderr).toMatch(/revoked the keys; waiting \d+ s/);
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toEqual({ name, contacts: 1, keys: 1 });
  expect(await kithError("apps", "show", name)).toContain(`there is no app ${name}`);
  expect(await statusOf(header)).toBe(401);
});

const rejected: [words: string[], message: string][] = [
  [["keys", "rotate", "nobody"], "there is no key nobody"],
  [["keys", "rotate", "nobody", "--overlap", "1w"], "duration such as 90d"],
  [["keys", "create", "--app", "nobody"], "there is no app nobody"],
  [["keys", "create", "--app", "nobody", "--name", " "], "1 to 50 printable characters"],
  [["keys", "list", "--app", "nobody"], "there is no app nobody"],
  [["apps", "delete", "nobody", "--yes"], "there is no app nobody"],
  [["apps", "limit", "nobody", "--contacts-per-second", "1"], "there is no app nobody"],
  [["apps", "limit", "nobody"], "give --contacts-per-second, or --default"],
  [["apps", "limit", "nobody", "--burst", "1"], "give --contacts-per-second, or --default"],
  [["apps", "limit", "nobody", "--contacts-per-second", "0"], "whole number from 1 to 1000000000"],
  [["apps", "limit", "nobody", "--default", "--burst", "1"], "cannot be used with"],
];

test.each(rejected)("%j is rejected", async (words, message) => {
  expect(await kithError(...words)).toContain(message);
});
