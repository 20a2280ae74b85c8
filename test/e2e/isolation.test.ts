import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ContactService } from "../../src/gen/contact/v1/contact_service_pb.ts";
import { fingerprints } from "../contract/calls/cases-fingerprint.ts";
import { listCalls } from "../contract/calls/cases-list.ts";
import { addPairs } from "../contract/calls/run.ts";
import type { Rpc, Transport } from "../contract/calls/transports.ts";
import { transports } from "../contract/calls/transports.ts";
import { askPage, readPage } from "../contract/calls/walk.ts";
import { entry } from "../contract/case.ts";
import { serveContract } from "../contract/for-file.ts";
import type { Pair } from "../contract/model.ts";
import type { TestApp } from "../support/service.ts";

const served = serveContract();

/** The contacts of the app that calls. */
const own: readonly Pair[] = [
  ["u", "a"],
  ["a", "u"],
  ["u", "b"],
  ["c", "u"],
];

/** The contacts of another app: of the same users, some of them the same pairs. */
const foreign: readonly Pair[] = [
  ["u", "a"],
  ["b", "u"],
  ["u", "c"],
  ["u", "u"],
  ["u", "z"],
  ["z", "u"],
  ["z", "a"],
  ["a", "z"],
];

type Question = readonly [rpc: Rpc, body: unknown];

const users = ["u", "a", "b", "c", "z"];
const everyPair = users.flatMap((ownerXCUserID) =>
  users.map((contactXCUserID) => ({ ownerXCUserID, contactXCUserID })),
);

const reads: readonly Question[] = [
  ...users.flatMap((id): Question[] => [
    ["listContacts", { ownerXCUserID: id }],
    ["listContacts", { ownerXCUserID: id, pageSize: 1 }],
    ["listContactOwners", { contactXCUserID: id }],
    ["listContactOwners", { contactXCUserID: id, pageSize: 1 }],
    ["listMutualContacts", { ownerXCUserID: id }],
    ["listMutualContacts", { ownerXCUserID: id, pageSize: 1 }],
    ["countContacts", { xcUserID: id }],
    ["fingerprintContacts", { ownerXCUserID: id }],
    ["replaceContacts", { ownerXCUserID: id, contactXCUserIDs: ["a", "z"], dryRun: true }],
    [
      "replaceContacts",
      { ownerXCUserID: id, contactXCUserIDs: [], expectedFingerprint: "?", dryRun: true },
    ],
  ]),
  ["checkContacts", { pairs: everyPair }],
];

/** In this order. No response contains a time. */
const writes: readonly Question[] = [
  ["syncContacts", { contacts: [entry("u", "z"), entry("a", "z", true), entry("u", "b", true)] }],
  ["countContacts", { xcUserID: "u" }],
  ["replaceContacts", { ownerXCUserID: "u", contactXCUserIDs: ["u", "z", "d"] }],
  ["fingerprintContacts", { ownerXCUserID: "u" }],
  [
    "replaceContacts",
    { ownerXCUserID: "z", contactXCUserIDs: ["a"], expectedFingerprint: fingerprints.none },
  ],
  ["replaceContacts", { ownerXCUserID: "z", contactXCUserIDs: [] }],
  ["checkContacts", { pairs: everyPair }],
  ["eraseUser", { xcUserID: "u" }],
  ["eraseUser", { xcUserID: "z" }],
  ["eraseUser", { xcUserID: "nobody" }],
  ["countContacts", { xcUserID: "u" }],
];

test("every call is tested", () => {
  const tested = new Set<string>([...reads, ...writes].map(([rpc]) => rpc));
  const missing = Object.keys(ContactService.method).filter((rpc) => !tested.has(rpc));
  expect(missing, "add to `reads` or `writes` in test/e2e/isolation.test.ts").toEqual([]);
});

describe.each(Object.entries(transports))("%s", (_, openTransport) => {
  let transport: Transport;
  let app: TestApp;
  let other: TestApp;
  beforeAll(() => {
    transport = openTransport(served.service);
  });
  afterAll(() => transport.close());

  async function makeApps(): Promise<void> {
    app = await served.service.createApp();
    other = await served.service.createApp();
    await addPairs(transport, app, own);
  }

  /** The responses to the requests, in order, as text. */
  async function answersTo(questions: readonly Question[], asking: TestApp): Promise<string[]> {
    const answers: string[] = [];
    for (const [rpc, body] of questions) {
      answers.push(JSON.stringify(await transport.call(rpc, body, asking.header)));
    }
    return answers;
  }

  test("reads have the same responses whether or not another app has contacts", async () => {
    await makeApps();
    const before = await answersTo(reads, app);
    await addPairs(transport, other, foreign);
    expect(await answersTo(reads, app)).toEqual(before);
  });

  test("writes have the same responses, and do not change another app", async () => {
    await makeApps();
    const twin = await served.service.createApp();
    await addPairs(transport, twin, own);
    const alone = await answersTo(writes, app);
    await addPairs(transport, other, foreign);
    const rows = await served.stored.rowsOf(other.id);
    expect(rows).toHaveLength(foreign.length);
    expect(await answersTo(writes, twin)).toEqual(alone);
    expect(await served.stored.rowsOf(other.id)).toEqual(rows);
    expect(await served.stored.pairsOf(twin.id)).toEqual(await served.stored.pairsOf(app.id));
  });

  test.each(listCalls)(
    "another app gets the same error for a page token of $rpc as for an invalid token",
    async (call) => {
      await makeApps();
      const list = call.put(["a1", "a2", "a3"]);
      await addPairs(transport, app, list);
      await addPairs(transport, other, list);
      const { token } = await readPage({ transport, app, call }, { pageSize: 1 });
      const nonsense = await askPage({ transport, app: other, call }, { pageToken: "nonsense" });
      const answer = await askPage({ transport, app: other, call }, { pageToken: token });
      expect(nonsense.status).toBe(400);
      expect(JSON.stringify(answer)).toBe(JSON.stringify(nonsense));
      expect((await askPage({ transport, app, call }, { pageToken: token })).status).toBe(200);
    },
  );
});
