import { describe, expect, test } from "vitest";
import type { ContactStore, StoreOptions } from "../../../src/contact/contact-store.ts";
import { fingerprintOf } from "../../support/fingerprint.ts";
import { createSuite } from "../../support/store-suite.ts";
import { addPairs } from "../support/lists.ts";
import { pair, plan, sorted, unhurried, whyRejected } from "../support/pairs.ts";

const suite = createSuite();

type Call = (store: ContactStore, appId: number, options: StoreOptions) => Promise<unknown>;

/** Every call of the store, for the user `me`. */
const calls: Record<string, Call> = {
  sync: (store, appId, options) =>
    store.sync(
      appId,
      plan({ insert: [pair("me", "a")], remove: [pair("me", "b"), pair("b", "me")] }),
      options,
    ),
  listContacts: (store, appId, options) => store.listContacts(appId, "me", { size: 9 }, options),
  listOwners: (store, appId, options) => store.listOwners(appId, "me", { size: 9 }, options),
  listMutual: (store, appId, options) => store.listMutual(appId, "me", { size: 9 }, options),
  check: (store, appId, options) =>
    store.check(appId, [pair("me", "a"), pair("a", "me"), pair("me", "me")], options),
  count: (store, appId, options) => store.count(appId, "me", options),
  fingerprint: (store, appId, options) => store.fingerprint(appId, "me", options),
  replace: (store, appId, options) =>
    store.replace(appId, "me", { contactIds: ["a", "z"], isDryRun: false }, options),
  "replace, as a dry run": (store, appId, options) =>
    store.replace(appId, "me", { contactIds: ["a", "z"], isDryRun: true }, options),
  "replace of an expected list": (store, appId, options) => {
    const expectedFingerprint = fingerprintOf(["a"]);
    const replacement = { contactIds: ["b"], isDryRun: false, expectedFingerprint };
    return store.replace(appId, "me", replacement, options);
  },
  erase: (store, appId, options) => store.erase(appId, "me", options),
};

/** The contacts of the app. Other apps have the reverse pairs too. */
const own = (appId: number) =>
  [pair("me", "a"), pair("b", "me")].map(({ ownerId, contactId }) => ({
    app_id: appId,
    owner_id: ownerId,
    contact_id: contactId,
    created_at: new Date(0),
  }));

const theirs = [
  ...["a", "b", "me"].map((id) => pair("me", id)),
  ...["a", "b"].map((id) => pair(id, "me")),
];

describe.each(Object.entries(calls))("%s", (_, call) => {
  test("has the results of an app without others, and does not change them", async () => {
    const { store, db } = await suite.open();
    const [lonely, below, app, above] = [
      suite.newApp(),
      suite.newApp(),
      suite.newApp(),
      suite.newApp(),
    ];
    await db
      .insertInto("contact")
      .values([...own(lonely), ...own(app)])
      .execute();
    const answer = await call(store, lonely, unhurried);
    for (const other of [below, above]) await addPairs(store, other, theirs);

    expect(await call(store, app, unhurried)).toEqual(answer);
    expect(sorted(await suite.contactsOf(app))).toEqual(sorted(await suite.contactsOf(lonely)));
    for (const other of [below, above]) {
      expect(sorted(await suite.contactsOf(other))).toEqual(sorted(theirs));
    }
  });

  test("of a caller who has disconnected does nothing, takes no connection, and rejects with the reason", async () => {
    const { store, url, db } = await suite.openAlone({ poolSize: 1 });
    await addPairs(store, 1, theirs);
    const reason = new Error("the caller disconnected");
    // The only connection is in use, so a call that needs one would wait.
    await db.connection().execute(async () => {
      const over = call(store, 1, { signal: AbortSignal.abort(reason) });
      expect(await whyRejected(over)).toBe(reason);
    });
    expect(sorted(await suite.contactsOf(1, url))).toEqual(sorted(theirs));
  });
});
