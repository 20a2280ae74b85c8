import { expect, test } from "vitest";
import type { ContactStore, StoreOptions } from "../../../src/contact/contact-store.ts";
import { createSuite } from "../../support/store-suite.ts";
import { unhurried } from "../support/pairs.ts";
import { backendsOf, openSession, until, untilWaiting } from "../support/session.ts";

const suite = createSuite();
const page = { size: 10 };

const longReads: Record<string, (store: ContactStore, call: StoreOptions) => Promise<unknown>> = {
  count: (store, call) => store.count(1, "me", call),
  fingerprint: (store, call) => store.fingerprint(1, "me", call),
  listMutual: (store, call) => store.listMutual(1, "me", page, call),
};

test.each(Object.entries(longReads))(
  "%s is cancelled in the database when all of its callers have left",
  async (_, read) => {
    const { store, url } = await suite.openAlone();
    const holder = await openSession(url);
    await holder.query("BEGIN; LOCK TABLE contact IN ACCESS EXCLUSIVE MODE");
    const callers = Array.from({ length: 3 }, () => new AbortController());
    const calls = Promise.allSettled(callers.map(({ signal }) => read(store, { signal })));
    await untilWaiting(holder);
    for (const caller of callers) caller.abort(new Error("the caller disconnected"));
    await until(async () => (await backendsOf(holder)).every(({ waits }) => !waits));
    expect((await calls).map(({ status }) => status)).toEqual(Array(3).fill("rejected"));
    await holder.query("ROLLBACK");
    await read(store, unhurried);
  },
);
