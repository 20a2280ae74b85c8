import { setTimeout as sleep } from "node:timers/promises";
import { Code, ConnectError } from "@connectrpc/connect";
import { connect } from "./client.ts";
import { SyncContactsResponse_Outcome as Outcome } from "./gen/contact/v1/contact_service_pb.ts";
import { BadRequestSchema, ErrorInfoSchema } from "./gen/google/rpc/error_details_pb.ts";

const {
  KITH_URL = "http://127.0.0.1:8080",
  SERVER_KEY = "",
  KITH_PROTOCOL,
  CALL_SECONDS = "1",
} = process.env;
const client = connect(KITH_URL, SERVER_KEY, KITH_PROTOCOL);
const alice = "example-alice";
const bob = "example-bob";
const carol = "example-carol";
const dave = "example-dave";
const erin = "example-erin";
const pair = (ownerXcUserId: string, contactXcUserId: string) => ({
  ownerXcUserId,
  contactXcUserId,
});

await client.eraseUser({ xcUserId: alice });

const synced = await client.syncContacts({
  contacts: [
    pair(alice, bob),
    pair(alice, carol),
    pair(alice, dave),
    pair(bob, alice),
    { ...pair(alice, erin), isDeleted: true },
  ],
  returnOutcomes: true,
});
console.log(`sync: ${synced.countInserted} inserted, ${synced.countDeleted} deleted`);
const names = Object.fromEntries(Object.entries(Outcome).map(([name, value]) => [value, name]));
console.log(`outcomes: ${synced.outcomes.map((outcome) => names[outcome]).join(" ")}`);

const ids: string[] = [];
let pages = 0;
let pageToken = "";
do {
  const page = await client.listContacts({ ownerXcUserId: alice, pageSize: 2, pageToken });
  ids.push(...page.contacts.map((contact) => contact.contactXcUserId));
  pages += 1;
  pageToken = page.nextPageToken;
} while (pageToken !== "");
console.log(`list: ${ids.join(" ")}`);
console.log(`pages: ${pages}`);

const { results } = await client.checkContacts({
  pairs: [pair(alice, bob), pair(alice, carol), pair(alice, erin)],
});
const words = results.map((r) => (r.isMutual ? "mutual" : r.isContact ? "contact" : "none"));
console.log(`check: ${words.join(" ")}`);

const count = await client.countContacts({ xcUserId: alice });
console.log(`count: ${count.contactCount} contacts, ${count.ownerCount} owners`);

const { fingerprint } = await client.fingerprintContacts({ ownerXcUserId: alice });
const replacement = {
  ownerXcUserId: alice,
  contactXcUserIds: [bob, erin],
  expectedFingerprint: fingerprint,
};
const replaced = await client.replaceContacts(replacement);
console.log(
  `replace: ${replaced.countInserted} inserted, ${replaced.countDeleted} deleted, ` +
    `${replaced.countUnchanged} unchanged`,
);
await failure(Code.FailedPrecondition, client.replaceContacts(replacement), (error) => {
  console.log(`replace again: ${error.rawMessage}`);
});

const incomplete = { contacts: [pair(alice, bob), { ownerXcUserId: alice }] };
await failure(Code.InvalidArgument, client.syncContacts(incomplete), (error) => {
  const [info] = error.findDetails(ErrorInfoSchema);
  const [badRequest] = error.findDetails(BadRequestSchema);
  console.log(`bad parameter: ${error.rawMessage}`);
  console.log(`bad request: ${badRequest?.fieldViolations[0]?.field}`);
  console.log(`error info: code ${info?.metadata.code}, field ${info?.metadata.field}`);
});

// A large request with a time limit of one millisecond. The dry run changes nothing.
const large = {
  ownerXcUserId: alice,
  contactXcUserIds: Array.from({ length: 10_000 }, (_, n) => `example-${n}`),
  dryRun: true,
};
const late = client.replaceContacts(large, { timeoutMs: 1 });
await failure(Code.DeadlineExceeded, late, () => console.log("deadline: exceeded"));

const controller = new AbortController();
const cancelled = client.countContacts({ xcUserId: alice }, { signal: controller.signal });
controller.abort();
await failure(Code.Canceled, cancelled, () => console.log("cancellation: cancelled"));

// Servers can restart during these calls. The retries hide it.
console.log("calling");
let failed = 0;
const end = Date.now() + Number(CALL_SECONDS) * 1_000;
do {
  await client.countContacts({ xcUserId: alice }).catch((error) => {
    console.error(error);
    failed += 1;
  });
  await sleep(10);
} while (Date.now() < end);
console.log(`failed calls: ${failed}`);
process.exit();

/** Passes the error of a call to `onError`. Throws if the call does not fail with the expected code. */
async function failure(
  code: Code,
  call: Promise<unknown>,
  onError: (error: ConnectError) => void,
): Promise<void> {
  try {
    await call;
  } catch (reason) {
    const error = ConnectError.from(reason);
    if (error.code !== code) throw error;
    onError(error);
  }
}
