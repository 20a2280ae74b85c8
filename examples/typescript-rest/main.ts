import { setTimeout as sleep } from "node:timers/promises";
import { connect } from "./client.ts";
import type { components } from "./gen/kith.ts";

type ErrorEnvelope = components["schemas"]["ErrorEnvelope"];

const { KITH_URL = "http://127.0.0.1:8080", SERVER_KEY = "", CALL_SECONDS = "1" } = process.env;
const client = connect(KITH_URL, SERVER_KEY);
const alice = "example-alice";
const bob = "example-bob";
const carol = "example-carol";
const dave = "example-dave";
const erin = "example-erin";
const pair = (ownerXCUserID: string, contactXCUserID: string) => ({
  ownerXCUserID,
  contactXCUserID,
});

await dataOf(client.POST("/v1/server/contact/erase", { body: { xcUserID: alice } }));

const synced = await dataOf(
  client.POST("/v1/server/contact/sync", {
    body: {
      contacts: [
        pair(alice, bob),
        pair(alice, carol),
        pair(alice, dave),
        pair(bob, alice),
        { ...pair(alice, erin), isDeleted: true },
      ],
      returnOutcomes: true,
    },
  }),
);
console.log(`sync: ${synced.countInserted} inserted, ${synced.countDeleted} deleted`);
console.log(`outcomes: ${synced.outcomes?.join(" ")}`);

const ids: string[] = [];
let pages = 0;
let pageToken = "";
do {
  const body = { ownerXCUserID: alice, pageSize: 2, pageToken };
  const page = await dataOf(client.POST("/v1/server/contact/list", { body }));
  ids.push(...page.contacts.map((contact) => contact.contactXCUserID));
  pages += 1;
  pageToken = page.nextPageToken;
} while (pageToken !== "");
console.log(`list: ${ids.join(" ")}`);
console.log(`pages: ${pages}`);

const pairs = [pair(alice, bob), pair(alice, carol), pair(alice, erin)];
const { results } = await dataOf(client.POST("/v1/server/contact/check", { body: { pairs } }));
const words = results.map((r) => (r.isMutual ? "mutual" : r.isContact ? "contact" : "none"));
console.log(`check: ${words.join(" ")}`);

const ofAlice = { body: { xcUserID: alice } };
const count = await dataOf(client.POST("/v1/server/contact/count", ofAlice));
console.log(`count: ${count.contactCount} contacts, ${count.ownerCount} owners`);

const { fingerprint } = await dataOf(
  client.POST("/v1/server/contact/fingerprint", { body: { ownerXCUserID: alice } }),
);
const replacement = {
  ownerXCUserID: alice,
  contactXCUserIDs: [bob, erin],
  expectedFingerprint: fingerprint,
};
const replaced = await dataOf(client.POST("/v1/server/contact/replace", { body: replacement }));
console.log(
  `replace: ${replaced.countInserted} inserted, ${replaced.countDeleted} deleted, ` +
    `${replaced.countUnchanged} unchanged`,
);
const again = await client.POST("/v1/server/contact/replace", { body: replacement });
console.log(`replace again: ${again.error?.error.message}`);

// The types do not allow a contact without contactXCUserID.
const incomplete = { ownerXCUserID: alice } as ReturnType<typeof pair>;
const { error: invalid } = await client.POST("/v1/server/contact/sync", {
  body: { contacts: [pair(alice, bob), incomplete] },
});
console.log(`bad parameter: ${invalid?.error.message}`);
console.log(`error info: code ${invalid?.error.code}, field ${invalid?.error.field}`);

// One time limit for many calls.
const signal = AbortSignal.timeout(20);
try {
  for (;;) await dataOf(client.POST("/v1/server/contact/count", { ...ofAlice, signal }));
} catch (error) {
  if (error !== signal.reason) throw error;
  console.log("deadline: exceeded");
}

const controller = new AbortController();
const cancelled = client.POST("/v1/server/contact/count", {
  ...ofAlice,
  signal: controller.signal,
});
controller.abort();
await cancelled.catch((error) => {
  if (error.name === "AbortError") console.log("cancellation: cancelled");
});

// Servers can restart during these calls. The retries hide it.
console.log("calling");
let failed = 0;
const end = Date.now() + Number(CALL_SECONDS) * 1_000;
do {
  await dataOf(client.POST("/v1/server/contact/count", ofAlice)).catch((error) => {
    console.error(error);
    failed += 1;
  });
  await sleep(10);
} while (Date.now() < end);
console.log(`failed calls: ${failed}`);

/** The data of a response. Throws the error of a failed call. */
async function dataOf<T>(call: Promise<{ data?: { data: T }; error?: ErrorEnvelope }>): Promise<T> {
  const { data, error } = await call;
  if (data === undefined) throw new Error(`${error?.error.code}: ${error?.error.message}`);
  return data.data;
}
