import { once } from "node:events";
import type { Writable } from "node:stream";
import type pg from "pg";
import { copyIn, copyOut } from "./copy.ts";
import type { Pool } from "./database.ts";
import { createExportReader } from "./export-reader.ts";

const format = "kith-export";
const version = 1;

/** In an order that satisfies the foreign keys. */
const tables = {
  app: ["id", "name", "created_at", "contacts_per_second", "burst"],
  server_key: [
    ...["id", "app_id", "secret_sha256", "created_at", "expires_at", "revoked_at"],
    ...["name", "last_used_at"],
  ],
  contact: ["app_id", "owner_id", "contact_id", "created_at"],
} as const;

type Table = keyof typeof tables;
const tableNames = Object.keys(tables) as Table[];

/** The number of rows of each table. */
export type Counts = Record<string, number>;

/** Settings on which the text of values depends. */
const textFormat = `
  SET LOCAL "DateStyle" TO 'ISO, YMD'; SET LOCAL "TimeZone" TO 'UTC'; SET LOCAL bytea_output TO 'hex';
  SET LOCAL client_encoding TO 'UTF8'; SET LOCAL statement_timeout TO 0;
  SET LOCAL idle_in_transaction_session_timeout TO 0`;

/**
 * Writes all apps, keys and contacts, as they are at one moment, to a stream.
 *
 * @param onRows is called for each row, with the name of its table
 * @throws the error of the stream, or of the driver
 */
export async function exportTables(
  { pool, schema }: { readonly pool: Pool; readonly schema: string },
  out: Writable,
  onRow: (table: string) => void,
): Promise<Counts> {
  const begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
  return inTransaction(pool, begin, async (client) => {
    const counts: Counts = {};
    await writeLine(out, { format, version, createdAt: new Date() });
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

/**
 * Reads an export into empty tables, in one transaction: if it fails, nothing has changed.
 *
 * @throws Error if the tables are not empty, or the file is not a complete export
 */
export async function importTables(
  { pool, schema }: { readonly pool: Pool; readonly schema: string },
  source: AsyncIterable<Buffer>,
): Promise<Counts> {
  return inTransaction(pool, "BEGIN ISOLATION LEVEL READ COMMITTED", async (client) => {
    const name = (table: Table) => nameOf(client, schema, table);
    await client.query(`LOCK TABLE ${tableNames.map(name).join(", ")} IN EXCLUSIVE MODE`);
    await expectEmpty(client, name);
    const reader = createExportReader(source);
    checkHeader(await reader.readLine());
    const counts: Counts = {};
    for (const table of tableNames) {
      const columns = readColumns(await reader.readLine(), table);
      const text = `COPY ${name(table)} (${columns.join(", ")}) FROM STDIN`;
      counts[table] = await copyIn(client, text, reader.readRows());
    }
    const end = (await reader.readLine()) as { counts?: Counts };
    for (const table of tableNames) {
      if (end.counts?.[table] !== counts[table]) throw new Error(`${table}: the file lacks rows`);
    }
    await reader.readEnd();
    // COPY writes the ids, and does not advance the sequence of new ids.
    await client.query(
      `SELECT setval(pg_get_serial_sequence($1, 'id'), coalesce(max(id), 1), max(id) IS NOT NULL)
       FROM ${name("app")}`,
      [name("app")],
    );
    return counts;
  });
}

async function inTransaction<T>(
  pool: Pool,
  begin: string,
  work: (client: pg.PoolClient) => Promise<T>,
): Promise<T> {
  const client = await pool.connect();
  let isDone = false;
  try {
    await client.query(begin);
    await client.query(textFormat);
    const result = await work(client);
    await client.query("COMMIT");
    isDone = true;
    return result;
  } finally {
    // A connection that is closed rolls back.
    client.release(!isDone);
  }
}

function nameOf(client: pg.ClientBase, schema: string, table: string): string {
  return `${client.escapeIdentifier(schema)}.${client.escapeIdentifier(table)}`;
}

async function expectEmpty(client: pg.ClientBase, name: (table: Table) => string): Promise<void> {
  for (const table of tableNames) {
    const { rowCount } = await client.query(`SELECT FROM ${name(table)} LIMIT 1`);
    if (rowCount !== 0) {
      throw new Error(
        `the table ${table} is not empty; an import needs a database without apps, keys and contacts`,
      );
    }
  }
}

function checkHeader(line: unknown): void {
  const header = line as { format?: unknown; version?: unknown } | null;
  if (header?.format !== format) throw new Error("the file is not an export of Kith");
  if (header.version !== version) {
    throw new Error(
      `the file has version ${header.version} of the format; this Kith reads ${version}`,
    );
  }
}

/** Columns that this version does not know are an error: their values would be lost. */
function readColumns(line: unknown, table: Table): readonly string[] {
  const part = line as { table?: unknown; columns?: readonly string[] } | null;
  const known: readonly string[] = tables[table];
  if (part?.table !== table || !part.columns?.every((column) => known.includes(column))) {
    throw new Error(`the file is not an export of this version of Kith: ${table} is expected`);
  }
  return part.columns;
}

function writeLine(out: Writable, value: unknown): Promise<void> {
  return write(out, `${JSON.stringify(value)}\n`);
}

async function write(out: Writable, text: string): Promise<void> {
  if (!out.write(text)) await once(out, "drain");
}
