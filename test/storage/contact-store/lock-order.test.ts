import { expect, test } from "vitest";
import { createSuite } from "../../support/store-suite.ts";
import { pair, plan, sorted, unhurried } from "../support/pairs.ts";
import { holdRow, openSession, untilWaiting } from "../support/session.ts";

const suite = createSuite();

interface Table {
  readonly rows: number;
  /** How many of the rows one sync deletes. */
  readonly deleted: number;
  /** Whether Postgres has statistics of the table, which may change its plan. */
  readonly analyzed: boolean;
}

const tables: Table[] = [
  { rows: 3, deleted: 3, analyzed: true },
  { rows: 150, deleted: 2, analyzed: true },
  { rows: 150, deleted: 50, analyzed: false },
  { rows: 150, deleted: 50, analyzed: true },
  { rows: 5_000, deleted: 50, analyzed: true },
  { rows: 5_000, deleted: 5_000, analyzed: false },
  { rows: 5_000, deleted: 5_000, analyzed: true },
];

test.each(tables)(
  "of $rows rows, analyzed $analyzed, $deleted are locked in the order of the plan",
  async ({ rows, deleted, analyzed }) => {
    const { store, url } = await suite.openAlone();
    const [holder, watcher] = [await openSession(url), await openSession(url)];
    // The rows are in the table in reverse order, so the order of locks cannot come from the table.
    await watcher.query(
      `INSERT INTO contact (app_id, owner_id, contact_id)
       SELECT 1, 'owner', lpad(n::text, 6, '0') FROM generate_series($1::int, 1, -1) AS n`,
      [rows],
    );
    if (analyzed) await watcher.query("ANALYZE contact");
    const remove = sorted(await suite.contactsOf(1, url)).slice(0, deleted);

    await holdRow(holder, 1, remove[0] ?? pair("", ""));
    const sync = store.sync(1, plan({ remove }), unhurried);
    await untilWaiting(watcher);
    const unlocked = await watcher.query("SELECT FROM contact FOR UPDATE SKIP LOCKED");
    await holder.query("ROLLBACK");

    expect(await sync).toEqual({ inserted: 0, deleted });
    // The sync waits for its first row, so no other row is locked.
    expect(unlocked.rowCount).toBe(rows - 1);
  },
);
