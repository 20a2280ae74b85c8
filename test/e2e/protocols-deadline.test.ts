import type pg from "pg";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { oneContact } from "../contract/case.ts";
import { serveContract } from "../contract/for-file.ts";
import { sendHttp1 } from "../contract/http.ts";
import { asMessage } from "../contract/message.ts";
import { requestOf } from "../contract/rest.ts";
import { rpcClients } from "../support/clients.ts";
import { connectClient } from "../support/database.ts";

const served = serveContract({ REQUEST_TIMEOUT_MS: "1000" });
const late = "The deadline of the request passed";

/** Locks the table of contacts, so that every sync waits until its deadline. */
let holder: pg.Client;
beforeAll(async () => {
  holder = await connectClient(served.service.databaseUrl);
  await holder.query("BEGIN; LOCK TABLE contact IN ACCESS EXCLUSIVE MODE");
});
afterAll(() => holder.end());

test.each(Object.entries(rpcClients))(
  "%s returns DEADLINE_EXCEEDED after the deadline",
  async (_, createClient) => {
    const { header } = await served.service.createApp();
    const client = createClient(served.service.url);
    onTestFinished(() => client.close());
    const message = asMessage({ name: "", body: oneContact, expect: { http: 200 } });
    if (message === undefined) throw new Error("the message is good");
    const { failure } = await client.sync(message, { "server-key": header });
    expect(failure).toEqual({
      code: "DEADLINE_EXCEEDED",
      message: late,
      details: {
        "google.rpc.ErrorInfo": {
          reason: "DEADLINE_EXCEEDED",
          domain: "kith",
          metadata: { code: "50400", field: "" },
        },
      },
    });
  },
);

test("REST returns 504 after the deadline", async () => {
  const app = await served.service.createApp();
  const given = { name: "", body: oneContact, expect: { http: 504 } };
  const answer = await sendHttp1(served.service.port, requestOf(given, app));
  expect(JSON.parse(answer.text)).toEqual({
    status: 504,
    error: { code: "50400", message: late, field: "" },
    data: {},
  });
});
