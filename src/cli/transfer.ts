import { createReadStream, createWriteStream } from "node:fs";
import { rm, stat } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { constants, createGunzip, createGzip } from "node:zlib";
import type { Command } from "commander";
import { exportTables } from "../storage/export-tables.ts";
import { importTables } from "../storage/import-tables.ts";
import type { Counts } from "../storage/transfer-format.ts";
import { withPool } from "./database.ts";
import { print } from "./output.ts";

/** Time between two lines of progress, in milliseconds. */
const progressMs = 2_000;

export function addTransferCommands(program: Command): void {
  program
    .command("export")
    .description("write all apps, keys and contacts, as they are at one moment, to a new file")
    .argument("<file>", "the file; it is compressed by gzip")
    .option("--json", "print one JSON object: the number of rows of each table")
    .action((file: string, { json }) => printCounts(json, "exported", exportTo(file)));

  program
    .command("import")
    .description("read the file of an export into a database without apps, keys and contacts")
    .argument("<file>", "the file")
    .option("--restart", "remove what an incomplete import has stored, and begin again")
    .option("--json", "print one JSON object: the number of rows of each table")
    .action((file: string, { json, restart }) =>
      printCounts(json, "imported", importFrom(file, restart === true)),
    );
}

async function exportTo(file: string): Promise<Counts> {
  // The file has the hashes of the secrets.
  const target = createWriteStream(file, { flags: "wx", mode: 0o600 });
  try {
    return await withPool(async (database) => {
      const compressed = createGzip({ level: constants.Z_BEST_SPEED });
      const written = pipeline(compressed, target);
      written.catch((error) => compressed.destroy(error));
      let rows = 0;
      using _ = showProgress(() => `${rows} rows`);
      const counts = await exportTables(database, compressed, () => {
        rows += 1;
      });
      compressed.end();
      await written;
      return counts;
    });
  } catch (error) {
    const isOlder = error instanceof Error && "code" in error && error.code === "EEXIST";
    if (!isOlder) await rm(file, { force: true });
    throw error;
  }
}

async function importFrom(file: string, restarts: boolean): Promise<Counts> {
  const { size } = await stat(file);
  return withPool(async (database) => {
    const source = createReadStream(file, { highWaterMark: 1_048_576 });
    const rows = createGunzip({ chunkSize: 1_048_576 });
    pipeline(source, rows).catch(() => {});
    using _ = showProgress(() => `${Math.floor((100 * source.bytesRead) / size)} %`);
    const onContinue = (stored: number) =>
      console.error(`continuing an earlier import, after ${stored} rows`);
    return importTables({ ...database, restarts, onContinue }, rows);
  });
}

async function printCounts(json: boolean, done: string, work: Promise<Counts>): Promise<void> {
  const { app = 0, server_key: keys = 0, contact = 0 } = await work;
  const text = `${done} ${app} apps, ${keys} keys and ${contact} contacts`;
  print(json, { apps: app, keys, contacts: contact }, text);
}

/** Writes how far the work is to standard error, until it is disposed. */
function showProgress(text: () => string): Disposable {
  const timer = setInterval(() => console.error(text()), progressMs);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
