import type pg from "pg";
import { expect, test } from "vitest";
import { createSuite } from "../../support/store-suite.ts";
import { pair, plan, unhurried, whyRejected } from "../support/pairs.ts";
import { backendsOf, holdInsert, openSession, until, untilWaiting } from "../support/session.ts";

const suite = createSuite();

const [a, b, c] = [pair("a", "a"), pair("b", "b"), pair("c", "c")];

/**
 * Makes the first insertions fail with a SQLSTATE, so many times. A sequence counts them, because a
 * rollback does not reset it.
 */
async function failFirst(session: pg.Client, times: number, sqlState: string): Promise<void> {
  await session.query(`
    CREATE SEQUENCE attempts;
    CREATE FUNCTION fail_first() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        IF nextval('attempts') <= ${times} THEN
          RAISE EXCEPTION 'try again' USING ERRCODE = '${sqlState}';
        END IF;
        RETURN NULL;
      END
    $$;
    CREATE TRIGGER fail_first BEFORE INSERT ON contact
      FOR EACH STATEMENT EXECUTE FUNCTION fail_first()`);
}

async function attemptsOf(session: pg.Client): Promise<number> {
  const { rows } = await session.query("SELECT last_value FROM attempts WHERE is_called");
  return Number(rows[0]?.last_value ?? 0);
}

const retried = ["40001", "40P01"].flatMap((sqlState) =>
  [1, 2, 3, 4, 8].map((times) => [sqlState, times] as const),
);

test.each(retried)("%s is retried when it occurs %i times", async (sqlState, times) => {
  const { store, url } = await suite.openAlone();
  const session = await openSession(url);
  await failFirst(session, times, sqlState);
  const counts = await store.sync(1, plan({ insert: [a, b], remove: [b] }), unhurried);
  expect(counts).toEqual({ inserted: 2, deleted: 1 });
  expect(await attemptsOf(session)).toBe(times + 1);
  expect(await suite.contactsOf(1, url)).toEqual([a]);
});

test.each(["40001", "40P01"])("%s without end is retried until the deadline", async (sqlState) => {
  const { store, url } = await suite.openAlone();
  const session = await openSession(url);
  await failFirst(session, 1_000_000, sqlState);
  let endsAt = Infinity;
  const options = { ...unhurried, timeLeftMs: () => endsAt - performance.now() };
  const sync = whyRejected(store.sync(1, plan({ insert: [a] }), options));
  await until(async () => (await attemptsOf(session)) > 8);
  endsAt = performance.now();
  expect(await sync).toBe("DEADLINE_EXCEEDED");
  expect(await suite.contactsOf(1, url)).toEqual([]);
});

test("a caller who disconnects ends the retries", async () => {
  const { store, url } = await suite.openAlone();
  const session = await openSession(url);
  await failFirst(session, 1_000_000, "40001");
  const caller = new AbortController();
  const reason = new Error("the caller disconnected");
  const options = { signal: caller.signal };
  const sync = whyRejected(store.sync(1, plan({ insert: [a] }), options));
  const contactIds = ["a"];
  const replacement = whyRejected(store.replace(1, "b", { contactIds, isDryRun: false }, options));
  await until(async () => (await attemptsOf(session)) > 8);
  caller.abort(reason);
  expect(await Promise.all([sync, replacement])).toEqual([reason, reason]);
});

test.each(["23514", "P0001"])("%s is not retried", async (sqlState) => {
  const { store, url } = await suite.openAlone();
  const session = await openSession(url);
  await failFirst(session, 1, sqlState);
  await expect(store.sync(1, plan({ insert: [a] }), unhurried)).rejects.toThrow();
  expect(await attemptsOf(session)).toBe(1);
});

test("a sync in a deadlock is retried and succeeds", async () => {
  const { store, url } = await suite.openAlone();
  const [watcher, holdsB, holdsC] = [
    await openSession(url),
    await openSession(url),
    await openSession(url),
  ];
  // This session never checks for deadlocks, so the sync is the one that finds it.
  await holdsC.query("SET deadlock_timeout = '1h'");
  await holdInsert(holdsB, 1, b);
  await holdInsert(holdsC, 1, c);

  const sync = store.sync(1, plan({ insert: [a, b, c] }), unhurried);
  await untilWaiting(watcher);
  const [syncBackend] = await backendsOf(watcher);
  const waitsForSync = holdsC.query(
    "INSERT INTO contact (app_id, owner_id, contact_id) VALUES (1, 'a', 'a')",
  );
  await until(async () => {
    const { rows } = await watcher.query(
      "SELECT FROM pg_stat_activity WHERE $1 = ANY (pg_blocking_pids(pid))",
      [syncBackend?.pid],
    );
    return rows.length > 0;
  });
  // The sync continues with the third pair, whose holder waits for the first.
  await holdsB.query("ROLLBACK");
  await waitsForSync;
  await holdsC.query("ROLLBACK");

  expect(await sync).toEqual({ inserted: 3, deleted: 0 });
});
