import { sql } from "kysely";
import { expect, test } from "vitest";
import type { ContactStore, StoreOptions } from "../../../src/contact/contact-store.ts";
import { fault } from "../../../src/errors.ts";
import { createSuite } from "../../support/store-suite.ts";
import { pair, plan, unhurried, whyRejected, within } from "../support/pairs.ts";
import {
  backendsOf,
  countWaiting,
  holdInsert,
  holdRow,
  openSession,
  until,
  untilIdle,
} from "../support/session.ts";

const suite = createSuite();

const [ab, ac, held] = [pair("a", "b"), pair("a", "c"), pair("h", "h")];

test.each([[300], [1], [-5]])(
  "an insertion that waits ends with %i ms left, also in the database",
  async (left) => {
    const { store, url } = await suite.openAlone({ poolSize: 1 });
    const other = await openSession(url);
    await holdInsert(other, 1, held);

    const late = store.sync(1, plan({ insert: [ab, held] }), within(left));
    await expect(late).rejects.toMatchObject({ name: "Fault", reason: "DEADLINE_EXCEEDED" });

    await untilIdle(other);
    expect(await store.sync(1, plan({ insert: [ac] }), unhurried)).toEqual({
      inserted: 1,
      deleted: 0,
    });
    await other.query("ROLLBACK");
    expect(await suite.contactsOf(1, url)).toEqual([ac]);
  },
);

test("a deadline ends a deletion that waits, and rolls its insertions back", async () => {
  const { store, url } = await suite.openAlone({ poolSize: 1 });
  await store.sync(1, plan({ insert: [held] }), unhurried);
  const other = await openSession(url);
  await holdRow(other, 1, held);

  const late = store.sync(1, plan({ insert: [ab], remove: [held] }), within(300));
  await expect(late).rejects.toMatchObject({ name: "Fault", reason: "DEADLINE_EXCEEDED" });

  await untilIdle(other);
  await other.query("ROLLBACK");
  expect(await suite.contactsOf(1, url)).toEqual([held]);
  expect(await store.sync(1, plan({ remove: [held] }), unhurried)).toEqual({
    inserted: 0,
    deleted: 1,
  });
});

test("the deadline of a sync does not affect later syncs on the connection", async () => {
  const { store, db } = await suite.openAlone({ poolSize: 1 });
  const timeout = sql<{ statement_timeout: string }>`SHOW statement_timeout`;
  const before = await timeout.execute(db);
  expect(await store.sync(1, plan({ insert: [ab] }), within(20_000))).toEqual({
    inserted: 1,
    deleted: 0,
  });
  expect((await timeout.execute(db)).rows).toEqual(before.rows);
});

test.each([
  ["no deadline", unhurried],
  ["a later deadline", within(3_600_000)],
])("with %s a statement that waits is ended by the limit of the database", async (_, options) => {
  const { store, url } = await suite.openAlone({ poolSize: 1, timeoutMs: 300 });
  const other = await openSession(url);
  await holdInsert(other, 1, held);

  const late = store.sync(1, plan({ insert: [ab, held] }), options);
  await expect(late).rejects.toMatchObject({ name: "Fault", reason: "DEADLINE_EXCEEDED" });

  expect((await backendsOf(other)).filter(({ waits }) => waits)).toEqual([]);
  await other.query("ROLLBACK");
  expect(await suite.contactsOf(1, url)).toEqual([]);
});

const waitingCalls: [
  name: string,
  call: (store: ContactStore, options: StoreOptions) => unknown,
][] = [
  ["sync", (store, options) => store.sync(1, plan({ insert: [held] }), options)],
  [
    "replacement",
    (store, { signal }) =>
      store.replace(1, held.ownerId, { contactIds: [held.contactId], isDryRun: false }, { signal }),
  ],
];

test.each(waitingCalls)("a %s that waits for a lock ends when it is cancelled", async (_, call) => {
  const { store, url } = await suite.openAlone({ poolSize: 1, lockTimeoutMs: 1 });
  const [other, watcher] = [await openSession(url), await openSession(url)];
  await holdInsert(other, 1, held);
  const leaving = new AbortController();
  const rejected = expect(call(store, { signal: leaving.signal })).rejects.toThrow();
  // A joined transaction waits for the lock only for 1 ms.
  await until(async () => (await countWaiting(watcher, "0.1 s")) === 1);
  leaving.abort(fault("CANCELLED"));
  await rejected;
  await untilIdle(other);
  await other.query("ROLLBACK");
  expect(await suite.contactsOf(1, url)).toEqual([]);
});

test("a call that is cancelled before it begins stores nothing", async () => {
  const { store } = await suite.open();
  const appId = suite.newApp();
  const left = { signal: AbortSignal.abort(new Error("the caller disconnected")) };
  await expect(store.sync(appId, plan({ insert: [ab] }), left)).rejects.toThrow();
  expect(await suite.contactsOf(appId)).toEqual([]);
  await store.sync(appId, plan({ insert: [ac] }), unhurried);
  expect(await suite.contactsOf(appId)).toEqual([ac]);
});

test("a call that ends early rejects with a fault, or with the reason of its signal", async () => {
  const { store } = await suite.open();
  const reason = new Error("the caller disconnected");
  const left = { signal: AbortSignal.abort(reason) };
  const over = store.sync(suite.newApp(), plan({ insert: [ab] }), left);
  expect(await whyRejected(over)).toBeOneOf(["CANCELLED", reason]);
});
