import { setTimeout as sleep } from "node:timers/promises";
import { status } from "@grpc/grpc-js";
import { createClient, detailsOf } from "./client.js";

const { KITH_URL = "http://127.0.0.1:8080", SERVER_KEY, CALL_SECONDS = "1" } = process.env;
const client = createClient(KITH_URL, SERVER_KEY);
const [alice, bob, carol, dave, erin] = ["alice", "bob", "carol", "dave", "erin"].map(
  (name) => `example-${name}`,
);
const pair = (owner, contact) => ({ owner_xc_user_id: owner, contact_xc_user_id: contact });

await client.EraseUser({ xc_user_id: alice });

const synced = await client.SyncContacts({
  contacts: [
    pair(alice, bob),
    pair(alice, carol),
    pair(alice, dave),
    pair(bob, alice),
    { ...pair(alice, erin), is_deleted: true },
  ],
  return_outcomes: true,
});
console.log(`sync: ${synced.count_inserted} inserted, ${synced.count_deleted} deleted`);
console.log(`outcomes: ${synced.outcomes.join(" ")}`);

const ids = [];
let pages = 0;
let pageToken = "";
do {
  const page = await client.ListContacts({
    owner_xc_user_id: alice,
    page_size: 2,
    page_token: pageToken,
  });
  ids.push(...page.contacts.map((contact) => contact.contact_xc_user_id));
  pages += 1;
  pageToken = page.next_page_token;
} while (pageToken !== "");
console.log(`list: ${ids.join(" ")}`);
console.log(`pages: ${pages}`);

const { results } = await client.CheckContacts({
  pairs: [pair(alice, bob), pair(alice, carol), pair(alice, erin)],
});
const words = results.map((r) => (r.is_mutual ? "mutual" : r.is_contact ? "contact" : "none"));
console.log(`check: ${words.join(" ")}`);

const count = await client.CountContacts({ xc_user_id: alice });
console.log(`count: ${count.contact_count} contacts, ${count.owner_count} owners`);

const { fingerprint } = await client.FingerprintContacts({ owner_xc_user_id: alice });
const replacement = {
  owner_xc_user_id: alice,
  contact_xc_user_ids: [bob, erin],
  expected_fingerprint: fingerprint,
};
const replaced = await client.ReplaceContacts(replacement);
console.log(
  `replace: ${replaced.count_inserted} inserted, ${replaced.count_deleted} deleted, ` +
    `${replaced.count_unchanged} unchanged`,
);
try {
  await client.ReplaceContacts(replacement);
} catch (error) {
  if (error.code !== status.FAILED_PRECONDITION) throw error;
  console.log(`replace again: ${error.details}`);
}

try {
  await client.SyncContacts({ contacts: [pair(alice, bob), { owner_xc_user_id: alice }] });
} catch (error) {
  if (error.code !== status.INVALID_ARGUMENT) throw error;
  const details = detailsOf(error);
  const { code, field } = details["google.rpc.ErrorInfo"].metadata;
  const [violation] = details["google.rpc.BadRequest"].field_violations;
  console.log(`bad parameter: ${error.details}`);
  console.log(`bad request: ${violation.field}`);
  console.log(`error info: code ${code}, field ${field}`);
}

try {
  // The deadline has passed, so the call fails on every machine.
  await client.CountContacts({ xc_user_id: alice }, { deadline: Date.now() - 1 });
} catch (error) {
  if (error.code !== status.DEADLINE_EXCEEDED) throw error;
  console.log("deadline: exceeded");
}

await new Promise((resolve) => {
  const call = client.stub.CountContacts({ xc_user_id: alice }, client.metadata, (error) => {
    if (error?.code === status.CANCELLED) console.log("cancellation: cancelled");
    resolve();
  });
  call.cancel();
});

// Servers can restart during these calls. The retry policy hides it.
console.log("calling");
let failed = 0;
const end = Date.now() + Number(CALL_SECONDS) * 1_000;
do {
  await client.CountContacts({ xc_user_id: alice }).catch((error) => {
    console.error(error.message);
    failed += 1;
  });
  await sleep(10);
} while (Date.now() < end);
console.log(`failed calls: ${failed}`);
client.stub.close();
