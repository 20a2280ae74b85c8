import { PassThrough } from "node:stream";
import { describe, expect, inject, onTestFinished, test } from "vitest";
import { createDatabaseOn } from "../../src/storage/database.ts";
import { exportTables } from "../../src/storage/export-tables.ts";
import { importTables } from "../../src/storage/import-tables.ts";
import { migrate } from "../../src/storage/migrate.ts";
import { createTestDatabase, openPool } from "../support/database.ts";
import { openSession } from "./support/session.ts";

const citus = inject("citus");

describe.skipIf(citus === undefined)("on Citus, which is not installed if this is skipped,", () => {
  async function openTransfer(template?: string) {
    const database = await createTestDatabase(template === undefined ? {} : { template });
    onTestFinished(() => database.drop());
    const pool = openPool(database.url);
    await migrate(createDatabaseOn(pool));
    return { url: database.url, transfer: { pool, schema: "public" } };
  }
  type Database = Awaited<ReturnType<typeof openTransfer>>;

  async function move(from: Database, to: Database) {
    const file = new PassThrough();
    const exported = exportTables(from.transfer, file, () => {}).finally(() => file.end());
    const options = { ...to.transfer, restarts: false, onContinue: () => {} };
    const imported = await importTables(options, file);
    expect(imported).toEqual(await exported);
  }

  /** The number of contacts, and a sum over all their columns. */
  async function summaryOf({ url }: Database) {
    const session = await openSession(url);
    const { rows } = await session.query(
      `SELECT count(*)::int AS contacts,
         sum(hashtext(concat_ws('/', app_id, owner_id, contact_id, extract(epoch FROM created_at)))::bigint)
       FROM contact`,
    );
    return rows[0];
  }

  test("contacts move from one server to a distributed table and back", async () => {
    const [before, distributed, after] = [
      await openTransfer("template0"),
      await openTransfer(),
      await openTransfer("template0"),
    ];
    const session = await openSession(before.url);
    await session.query("INSERT INTO app (name) VALUES ('one'), ('two')");
    await session.query(
      `INSERT INTO contact (app_id, owner_id, contact_id, created_at)
       SELECT 1 + n % 2, 'u' || n / 7, 'u' || n, now() - n * interval '1 second'
       FROM generate_series(1, 5000) AS n`,
    );
    await move(before, distributed);
    await move(distributed, after);
    const summary = await summaryOf(before);
    expect(summary).toMatchObject({ contacts: 5_000 });
    expect(await summaryOf(distributed)).toEqual(summary);
    expect(await summaryOf(after)).toEqual(summary);
  });
});
