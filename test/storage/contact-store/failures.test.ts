import { expect, test } from "vitest";
import type { ContactStore } from "../../../src/contact/contact-store.ts";
import { createSuite } from "../../support/store-suite.ts";
import { pair, plan, sorted, unhurried } from "../support/pairs.ts";
import { addPoison } from "../support/poison.ts";
import { openSession } from "../support/session.ts";

const suite = createSuite();

const [ab, ac, ad] = [pair("a", "b"), pair("a", "c"), pair("a", "d")];
const [zd, poison] = [pair("z", "d"), pair("z", "poison")];

/**
 * Makes the commit of each row with the contact `poison` fail so many times. A sequence counts them,
 * because a rollback does not reset it.
 */
async function addLatePoison(url: string, sqlState: string, times: number): Promise<void> {
  const session = await openSession(url);
  await session.query(`
    CREATE SEQUENCE failures;
    CREATE FUNCTION refuse_late() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        IF nextval('failures') <= ${times} THEN
          RAISE EXCEPTION 'refused' USING ERRCODE = '${sqlState}';
        END IF;
        RETURN NULL;
      END
    $$;
    CREATE CONSTRAINT TRIGGER refuse_late AFTER INSERT ON contact DEFERRABLE INITIALLY DEFERRED
      FOR EACH ROW WHEN (NEW.contact_id = 'poison') EXECUTE FUNCTION refuse_late()`);
}

/** Two calls that make `poison` the only contact of "z". */
const poisonings: Record<string, (store: ContactStore) => Promise<unknown>> = {
  "a sync": (store) => store.sync(1, plan({ insert: [poison], remove: [zd] }), unhurried),
  "a replacement": (store) =>
    store.replace(1, "z", { contactIds: ["poison"], isDryRun: false }, unhurried),
};

test("a row that cannot be inserted changes nothing", async () => {
  const { store, url } = await suite.openAlone();
  await store.sync(1, plan({ insert: [ab] }), unhurried);
  await addPoison(url, "INSERT");
  const sync = store.sync(1, plan({ insert: [ac, poison], remove: [ab] }), unhurried);
  await expect(sync).rejects.toThrow("refused");
  expect(await suite.contactsOf(1, url)).toEqual([ab]);
});

test("a row that cannot be deleted changes nothing", async () => {
  const { store, url } = await suite.openAlone();
  await store.sync(1, plan({ insert: [ab, poison] }), unhurried);
  await addPoison(url, "DELETE");
  const sync = store.sync(1, plan({ insert: [ac, ad], remove: [ab, poison] }), unhurried);
  await expect(sync).rejects.toThrow("refused");
  expect(sorted(await suite.contactsOf(1, url))).toEqual(sorted([ab, poison]));
});

test("the connection of a failed sync serves the next sync", async () => {
  const { store, url } = await suite.openAlone({ poolSize: 1 });
  await addPoison(url, "INSERT");
  for (let round = 0; round < 3; round++) {
    const sync = store.sync(1, plan({ insert: [ac, poison] }), unhurried);
    await expect(sync).rejects.toThrow("refused");
  }
  expect(await store.sync(1, plan({ insert: [ac] }), unhurried)).toEqual({
    inserted: 1,
    deleted: 0,
  });
});

test.each(Object.entries(poisonings))(
  "%s that cannot be committed changes nothing",
  async (_, makePoison) => {
    const { store, url } = await suite.openAlone({ poolSize: 1 });
    await store.sync(1, plan({ insert: [zd] }), unhurried);
    await addLatePoison(url, "23514", 2);
    for (let round = 0; round < 2; round++) {
      await expect(makePoison(store)).rejects.toThrow("refused");
      expect(await suite.contactsOf(1, url)).toEqual([zd]);
    }
    expect(await makePoison(store)).toMatchObject({ inserted: 1, deleted: 1 });
    expect(await suite.contactsOf(1, url)).toEqual([poison]);
  },
);

test.each(Object.entries(poisonings))(
  "%s whose commit fails because of another transaction is retried",
  async (_, makePoison) => {
    const { store, url } = await suite.openAlone({ poolSize: 1 });
    await store.sync(1, plan({ insert: [zd] }), unhurried);
    await addLatePoison(url, "40001", 2);
    expect(await makePoison(store)).toMatchObject({ inserted: 1, deleted: 1 });
    expect(await suite.contactsOf(1, url)).toEqual([poison]);
  },
);

test("a sync that cannot be committed fails no other sync of the joined transaction", async () => {
  const { store, url } = await suite.openAlone();
  await addLatePoison(url, "23514", 1_000);
  const results = await Promise.allSettled(
    Array.from({ length: 20 }, (_, n) =>
      store.sync(n, plan({ insert: n % 4 === 0 ? [ab, poison] : [ab] }), unhurried),
    ),
  );
  expect(results.map(({ status }) => status)).toEqual(
    results.map((_, n) => (n % 4 === 0 ? "rejected" : "fulfilled")),
  );
  expect(await suite.contactsOf(3, url)).toEqual([ab]);
  expect(await suite.contactsOf(4, url)).toEqual([]);
});

test("a failure in one app does not affect the syncs of others", async () => {
  const { store, url } = await suite.openAlone();
  await addPoison(url, "INSERT");
  const results = await Promise.allSettled(
    Array.from({ length: 20 }, (_, n) =>
      store.sync(n, plan({ insert: n % 2 === 0 ? [ab] : [ab, poison] }), unhurried),
    ),
  );
  expect(results.map(({ status }) => status)).toEqual(
    results.map((_, n) => (n % 2 === 0 ? "fulfilled" : "rejected")),
  );
  expect(await suite.contactsOf(2, url)).toEqual([ab]);
  expect(await suite.contactsOf(3, url)).toEqual([]);
});
