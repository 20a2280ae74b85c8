import { randomUUID } from "node:crypto";
import type { Writable } from "node:stream";
import { copyOut } from "./copy.ts";
import type { Counts, TransferDatabase } from "./transfer-format.ts";
import {
  format,
  inTransferTransaction,
  nameOf,
  tableNames,
  tables,
  version,
  write,
  writeLine,
} from "./transfer-format.ts";

/**
 * Writes all apps, keys and contacts, as they are at one moment, to a stream.
 *
 * @param onRow is called for each row, with the name of its table
 * @throws the error of the stream, or of the driver
 */
export async function exportTables(
  { pool, schema }: TransferDatabase,
  out: Writable,
  onRow: (table: string) => void,
): Promise<Counts> {
  const begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
  return inTransferTransaction(pool, begin, async (client) => {
    const counts: Counts = {};
    await writeLine(out, { format, version, id: randomUUID(), createdAt: new Date() });
    for (const table of tableNames) {
      const columns = tables[table];
      await writeLine(out, { table, columns });
      const text = `COPY ${nameOf(client, schema, table)} (${columns.join(", ")}) TO STDOUT`;
      counts[table] = await copyOut(client, text, out, () => onRow(table));
      await write(out, "\\.\n");
    }
    await writeLine(out, { counts });
    return counts;
  });
}
