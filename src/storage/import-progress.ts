import { createHash } from "node:crypto";
import type pg from "pg";
import type { Counts, Table } from "./transfer-format.ts";
import { nameOf, tableNames } from "./transfer-format.ts";

/** Exists while an import is not complete. It has one row for each table of the export. */
export const progressTable = "kith_import";

/** How far an import is. */
export interface ImportProgress {
  /** The number of rows of each table that are stored. */
  readonly counts: Counts;
  /** Records more rows of a table, in the transaction that stores them. */
  add(client: pg.PoolClient, table: Table, rows: number): Promise<void>;
  /** Forgets the progress, in the transaction that completes the import. */
  end(client: pg.PoolClient): Promise<void>;
}

/**
 * Begins an import into empty tables, or continues one of the same file.
 *
 * @param header the first line of the file, which identifies it
 * @throws Error if the tables have other rows than those of an import of this file
 */
export async function openProgress(
  client: pg.PoolClient,
  schema: string,
  header: unknown,
): Promise<ImportProgress> {
  const file = createHash("sha256").update(JSON.stringify(header)).digest("hex");
  const name = (table: string) => nameOf(client, schema, table);
  await lockTables(client, schema);
  const { rows: found } = await client.query("SELECT to_regclass($1) IS NOT NULL AS exists", [
    name(progressTable),
  ]);
  if (!found[0]?.exists) {
    await expectEmpty(client, name);
    await client.query(
      `CREATE TABLE ${name(progressTable)} (name text PRIMARY KEY, file text NOT NULL, rows bigint NOT NULL)`,
    );
    await client.query(`INSERT INTO ${name(progressTable)} SELECT unnest($1::text[]), $2, 0`, [
      tableNames,
      file,
    ]);
  }
  const { rows } = await client.query<{ name: Table; file: string; rows: string }>(
    `SELECT name, file, rows FROM ${name(progressTable)}`,
  );
  if (rows.some((row) => row.file !== file)) {
    throw new Error(
      "the import of another file is not complete; continue it with that file, or begin again with --restart",
    );
  }
  const counts: Counts = Object.fromEntries(rows.map((row) => [row.name, Number(row.rows)]));
  return {
    counts,
    async add(current, table, more) {
      const before = counts[table] ?? 0;
      const { rowCount } = await current.query(
        `UPDATE ${name(progressTable)} SET rows = $1 WHERE name = $2 AND rows = $3`,
        [before + more, table, before],
      );
      if (rowCount !== 1) throw new Error("another process imports the same file");
      counts[table] = before + more;
    },
    async end(current) {
      await current.query(`DROP TABLE ${name(progressTable)}`);
    },
  };
}

/** Removes all that an incomplete import has stored. Does nothing if there is none. */
export async function removeImport(client: pg.PoolClient, schema: string): Promise<void> {
  const name = (table: string) => nameOf(client, schema, table);
  await lockTables(client, schema);
  const { rows } = await client.query("SELECT to_regclass($1) IS NOT NULL AS exists", [
    name(progressTable),
  ]);
  if (!rows[0]?.exists) return;
  await client.query(`TRUNCATE ${tableNames.map(name).join(", ")}`);
  await client.query(`DROP TABLE ${name(progressTable)}`);
}

/** Two imports take turns, and no service writes. */
export async function lockTables(client: pg.PoolClient, schema: string): Promise<void> {
  const names = tableNames.map((table) => nameOf(client, schema, table)).join(", ");
  await client.query(`LOCK TABLE ${names} IN EXCLUSIVE MODE`);
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
