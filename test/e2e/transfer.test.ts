import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { gunzipSync, gzipSync } from "node:zlib";
import { expect, onTestFinished, test } from "vitest";
import { createTestDatabase, withAdmin } from "../support/database.ts";
import { startService } from "../support/service.ts";

const run = promisify(execFile);

function kith(databaseUrl: string, ...args: string[]) {
  return run("bin/kith", args, { env: { PATH: process.env.PATH, DATABASE_URL: databaseUrl } });
}

async function newDatabase(): Promise<string> {
  const { url, drop } = await createTestDatabase();
  onTestFinished(drop);
  return url;
}

function newFile(): string {
  const directory = mkdtempSync(join(tmpdir(), "kith-transfer-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  return join(directory, "export.gz");
}

/** All rows of a database, as text. */
function rowsOf(databaseUrl: string): Promise<string[]> {
  return withAdmin(databaseUrl, async (admin) => {
    const { rows } = await admin.query<{ row: string }>(
      `SELECT app::text AS row FROM app UNION ALL SELECT server_key::text FROM server_key
       UNION ALL SELECT contact::text FROM contact ORDER BY 1`,
    );
    return rows.map(({ row }) => row);
  });
}

/** Standard error with the cause only. */
function oneLine(cause: RegExp): unknown {
  return expect.stringMatching(new RegExp(`^error: .*${cause.source}.*\n$`));
}

/** Ids that the text format of COPY has to escape, and one that looks like the end of a table. */
const oddIds = ["tab\there", "line\nbreak", "\\.", "\\N", "\\", "é😀", "{}"];

test("an export and an import move everything, and new apps get new ids", async () => {
  const [source, target] = [await newDatabase(), await newDatabase()];
  await kith(source, "apps", "create", "one");
  await kith(source, "apps", "create", "two");
  await kith(source, "apps", "limit", "two", "--contacts-per-second", "500");
  await kith(source, "keys", "create", "--app", "two", "--name", "web 1", "--expires", "90d");
  await withAdmin(source, async (admin) => {
    await admin.query("DELETE FROM app WHERE name = 'one'");
    await admin.query(
      "INSERT INTO contact (app_id, owner_id, contact_id) SELECT 2, a, b FROM unnest($1::text[]) AS a, unnest($1::text[]) AS b",
      [oddIds],
    );
    await admin.query(
      "INSERT INTO contact (app_id, owner_id, contact_id) SELECT 2, 'many', n::text FROM generate_series(1, 10000) AS n",
    );
  });
  const file = newFile();
  const exported = await kith(source, "export", file, "--json");
  expect(JSON.parse(exported.stdout)).toEqual({ apps: 1, keys: 1, contacts: 10_049 });
  const imported = await kith(target, "import", file, "--json");
  expect(imported.stdout).toBe(exported.stdout);
  expect(await rowsOf(target)).toEqual(await rowsOf(source));

  await kith(target, "apps", "create", "three");
  expect((await rowsOf(target)).filter((row) => row.includes("three"))).toEqual([
    expect.stringMatching(/^\(3,/),
  ]);
  // A second import, and a second export to the same file, change nothing.
  await expect(kith(target, "import", file)).rejects.toThrow(/table app is not empty/);
  await expect(kith(target, "export", file)).rejects.toMatchObject({ stderr: oneLine(/EEXIST/) });
  const elsewhere = kith(source, "export", join(file, "below"));
  await expect(elsewhere).rejects.toMatchObject({ stderr: oneLine(/ENOTDIR/) });
});

test("an export has all columns of its tables", async () => {
  const source = await newDatabase();
  const file = newFile();
  await kith(source, "export", file);
  const parts = gunzipSync(readFileSync(file))
    .toString()
    .split("\n")
    .filter((line) => line.startsWith('{"table"'))
    .map((line) => JSON.parse(line) as { table: string; columns: string[] });
  expect(parts).toHaveLength(3);
  for (const { table, columns } of parts) {
    const existing = await withAdmin(source, (admin) =>
      admin.query<{ name: string }>(
        "SELECT attname AS name FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0",
        [table],
      ),
    );
    expect(columns.toSorted()).toEqual(existing.rows.map(({ name }) => name).toSorted());
  }
});

/** More rows than an import stores in one transaction. */
const manyRows = 110_000;

async function exportRows(source: string, count = manyRows): Promise<string> {
  await kith(source, "apps", "create", "one");
  await kith(source, "keys", "create", "--app", "one");
  await withAdmin(source, (admin) =>
    admin.query(
      `INSERT INTO contact (app_id, owner_id, contact_id)
       SELECT 1, 'owner', n::text FROM generate_series(1, ${count}) AS n`,
    ),
  );
  const file = newFile();
  await kith(source, "export", file);
  return file;
}

test("an import that was interrupted is continued with the same file, and no other one", async () => {
  const [source, target] = [await newDatabase(), await newDatabase()];
  const file = await exportRows(source);
  const bytes = readFileSync(file);
  const text = gunzipSync(bytes).toString();
  writeFileSync(file, gzipSync(text.slice(0, text.indexOf("\t105000\t"))));
  await expect(kith(target, "import", file)).rejects.toThrow(/ends too early/);
  const stored = await rowsOf(target);
  expect(stored.length).toBeGreaterThan(100_000);
  expect(stored.length).toBeLessThan(105_000);

  await expect(startService({ DATABASE_URL: target })).rejects.toThrow(/import is not complete/);
  const other = await exportRows(await newDatabase(), 1);
  await expect(kith(target, "import", other)).rejects.toThrow(/another file is not complete/);

  writeFileSync(file, bytes);
  const { stdout, stderr } = await kith(target, "import", file, "--json");
  expect(stderr).toContain(`continuing an earlier import, after ${stored.length} rows`);
  expect(JSON.parse(stdout)).toEqual({ apps: 1, keys: 1, contacts: manyRows });
  expect(await rowsOf(target)).toEqual(await rowsOf(source));
  await expect(kith(target, "import", file)).rejects.toThrow(/table app is not empty/);
});

test("an incomplete import can begin again with another file", async () => {
  const [source, target] = [await newDatabase(), await newDatabase()];
  const file = await exportRows(source);
  const text = gunzipSync(readFileSync(file)).toString();
  const broken = newFile();
  writeFileSync(broken, gzipSync(text.replace("\t105000\t", "\t104999\t")));
  await expect(kith(target, "import", broken)).rejects.toThrow(/duplicate key/);
  expect((await rowsOf(target)).length).toBeGreaterThan(100_000);
  await kith(target, "import", file, "--restart");
  expect(await rowsOf(target)).toEqual(await rowsOf(source));
});

test("a file that is cut off can be completed, and one of another version imports nothing", async () => {
  const [source, target] = [await newDatabase(), await newDatabase()];
  await kith(source, "apps", "create", "one");
  const file = newFile();
  await kith(source, "export", file);
  const bytes = readFileSync(file);
  const text = gunzipSync(bytes).toString();
  writeFileSync(file, gzipSync(text.replace('"version":1', '"version":2')));
  await expect(kith(target, "import", file)).rejects.toThrow(/version 2 of the format/);
  expect(await rowsOf(target)).toEqual([]);
  writeFileSync(file, bytes.subarray(0, bytes.length - 20));
  await expect(kith(target, "import", file)).rejects.toThrow(/unexpected end of file/);
  writeFileSync(file, gzipSync(text.slice(0, text.lastIndexOf("{"))));
  await expect(kith(target, "import", file)).rejects.toThrow(/ends too early/);
  writeFileSync(file, gzipSync(`${text}{}\n`));
  await expect(kith(target, "import", file)).rejects.toThrow(/continues after its end/);
  // The checksum is in the last eight bytes.
  const altered = Buffer.from(bytes);
  altered.writeUInt32LE((altered.readUInt32LE(altered.length - 8) ^ 1) >>> 0, altered.length - 8);
  writeFileSync(file, altered);
  await expect(kith(target, "import", file)).rejects.toThrow(/damaged.*incorrect data check/);
  writeFileSync(file, text);
  await expect(kith(target, "import", file)).rejects.toThrow(/is not an export of Kith/);
  writeFileSync(file, bytes);
  await kith(target, "import", file);
  expect(await rowsOf(target)).toEqual(await rowsOf(source));
});
