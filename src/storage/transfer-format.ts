import { once } from "node:events";
import type { Writable } from "node:stream";
import type pg from "pg";
import type { Pool } from "./database.ts";

export const format = "kith-export";
export const version = 1;

/** In an order that satisfies the foreign keys. */
export const tables = {
  app: ["id", "name", "created_at", "contacts_per_second", "burst"],
  server_key: [
    ...["id", "app_id", "secret_sha256", "created_at", "expires_at", "revoked_at"],
    ...["name", "last_used_at"],
  ],
  contact: ["app_id", "owner_id", "contact_id", "created_at"],
} as const;

export type Table = keyof typeof tables;
export const tableNames = Object.keys(tables) as Table[];

/** The number of rows of each table. */
export type Counts = Record<string, number>;

export interface TransferDatabase {
  readonly pool: Pool;
  readonly schema: string;
}

/** Settings on which the text of values depends. */
const textFormat = `
  SET LOCAL "DateStyle" TO 'ISO, YMD'; SET LOCAL "TimeZone" TO 'UTC'; SET LOCAL bytea_output TO 'hex';
  SET LOCAL client_encoding TO 'UTF8'; SET LOCAL statement_timeout TO 0;
  SET LOCAL idle_in_transaction_session_timeout TO 0`;

/** Runs a transaction in which the text of values does not depend on the database. */
export async function inTransferTransaction<T>(
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

export function nameOf(client: pg.ClientBase, schema: string, table: string): string {
  return `${client.escapeIdentifier(schema)}.${client.escapeIdentifier(table)}`;
}

export function checkHeader(line: unknown): void {
  const header = line as { format?: unknown; version?: unknown } | null;
  if (header?.format !== format) throw new Error("the file is not an export of Kith");
  if (header.version !== version) {
    throw new Error(
      `the file has version ${header.version} of the format; this Kith reads ${version}`,
    );
  }
}

/** Columns that this version does not know are an error: their values would be lost. */
export function readColumns(line: unknown, table: Table): readonly string[] {
  const part = line as { table?: unknown; columns?: readonly string[] } | null;
  const known: readonly string[] = tables[table];
  if (part?.table !== table || !part.columns?.every((column) => known.includes(column))) {
    throw new Error(`the file is not an export of this version of Kith: ${table} is expected`);
  }
  return part.columns;
}

export function writeLine(out: Writable, value: unknown): Promise<void> {
  return write(out, `${JSON.stringify(value)}\n`);
}

export async function write(out: Writable, text: string): Promise<void> {
  if (!out.write(text)) await once(out, "drain");
}
