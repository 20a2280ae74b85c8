import { copyIn } from "./copy.ts";
import { createExportReader } from "./export-reader.ts";
import type { ImportProgress } from "./import-progress.ts";
import { lockTables, openProgress, removeImport } from "./import-progress.ts";
import { createRowBlocks } from "./row-blocks.ts";
import type { Counts, Table, TransferDatabase } from "./transfer-format.ts";
import {
  checkHeader,
  inTransferTransaction,
  nameOf,
  readColumns,
  tableNames,
} from "./transfer-format.ts";

const begin = "BEGIN ISOLATION LEVEL READ COMMITTED";
/** Rows of a transaction: a second or two of work. */
const rowsPerTransaction = 100_000;

export interface ImportOptions extends TransferDatabase {
  /** Removes what an incomplete import has stored, and begins again. */
  readonly restarts: boolean;
  /** Called if an earlier import of the file is continued, with the number of its rows. */
  readonly onContinue: (rows: number) => void;
}

/**
 * Reads an export into empty tables, in transactions of many rows. If it fails or is interrupted, a later
 * import of the same file continues.
 *
 * @throws Error if the tables are not empty, or the file is not a complete export
 */
export async function importTables(
  options: ImportOptions,
  source: AsyncIterable<Buffer>,
): Promise<Counts> {
  const { pool, schema } = options;
  const reader = createExportReader(source);
  const header = await reader.readLine();
  checkHeader(header);
  if (options.restarts) {
    await inTransferTransaction(pool, begin, (client) => removeImport(client, schema));
  }
  const progress = await inTransferTransaction(pool, begin, (client) =>
    openProgress(client, schema, header),
  );
  const stored = Object.values(progress.counts).reduce((sum, rows) => sum + rows, 0);
  if (stored > 0) options.onContinue(stored);

  for (const table of tableNames) {
    const columns = readColumns(await reader.readLine(), table);
    await importTable(options, { table, columns, progress, rows: reader.readRows() });
  }
  const end = (await reader.readLine()) as { counts?: Counts };
  for (const table of tableNames) {
    if (end.counts?.[table] !== progress.counts[table])
      throw new Error(`${table}: the file lacks rows`);
  }
  await inTransferTransaction(pool, begin, async (client) => {
    // COPY writes the ids, and does not advance the sequence of new ids.
    const app = nameOf(client, schema, "app");
    await client.query(
      `SELECT setval(pg_get_serial_sequence($1, 'id'), coalesce(max(id), 1), max(id) IS NOT NULL)
       FROM ${app}`,
      [app],
    );
    await progress.end(client);
  });
  return progress.counts;
}

interface TableImport {
  readonly table: Table;
  readonly columns: readonly string[];
  readonly progress: ImportProgress;
  readonly rows: AsyncIterable<Buffer>;
}

async function importTable(
  { pool, schema }: TransferDatabase,
  { table, columns, progress, rows }: TableImport,
): Promise<void> {
  const blocks = createRowBlocks(rows);
  await blocks.skip(progress.counts[table] ?? 0);
  while (await blocks.hasMore()) {
    await inTransferTransaction(pool, begin, async (client) => {
      await lockTables(client, schema);
      const name = nameOf(client, schema, table);
      const text = `COPY ${name} (${columns.join(", ")}) FROM STDIN`;
      const count = await copyIn(client, text, blocks.take(rowsPerTransaction));
      await progress.add(client, table, count);
    });
  }
}
