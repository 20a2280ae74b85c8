import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { SyncContactsRequestSchema } from "../../src/gen/contact/v1/contact_service_pb.ts";
import { rpcClients } from "../support/clients.ts";
import { withAdmin } from "../support/database.ts";
import { entry, syncOverRest } from "./support/calls.ts";
import { eventually } from "./support/eventually.ts";
import { serveForFile } from "./support/served.ts";
import { wireTransports } from "./support/wire-transports.ts";

// A call of 1,000 contacts uses the limit for 1,000 seconds, which is longer than any test takes.
const served = serveForFile({ RATE_LIMIT_CONTACTS_PER_SECOND: "1" });
const thousand = Array.from({ length: 1_000 }, (_, n) => entry("a", `b${n}`));

const policy = '"contacts";q=1;w=1;qu="contacts"';

/** The key of a new app. */
async function newApp() {
  const { header, id, name } = await served.service.createApp();
  return { url: served.url, header, id, name };
}

/** A new app that has used its limit. */
async function newBusyApp() {
  const app = await newApp();
  expect((await syncOverRest(app, thousand)).status).toBe(200);
  return app;
}

function secondsIn(rateLimit: string | null): number {
  const [, seconds] = /^"contacts";r=0;t=(\d+)$/.exec(rateLimit ?? "") ?? [];
  return Number(seconds);
}

test("entries count, and a call over the limit is 429 with its delay", async () => {
  const app = await newApp();
  const first = await syncOverRest(app, thousand);
  expect({ status: first.status, data: first.body.data }).toEqual({
    status: 200,
    data: { countInserted: 1_000, countDeleted: 0 },
  });
  expect(first.headers.get("ratelimit-policy")).toBe(policy);
  const seconds = secondsIn(first.headers.get("ratelimit"));
  expect(seconds).toBeGreaterThan(500);
  expect(seconds).toBeLessThanOrEqual(1_000);

  const second = await syncOverRest(app, [entry("a", "b")]);
  expect({ status: second.status, body: second.body }).toEqual({
    status: 429,
    body: {
      status: 429,
      error: {
        code: "42900",
        message: "The app has used its rate limit of 1 contacts per second",
        field: "",
      },
      data: {},
    },
  });
  expect(second.headers.get("ratelimit-policy")).toBe(policy);
  const retryAfter = Number(second.headers.get("retry-after"));
  expect(retryAfter).toBeGreaterThan(500);
  expect(retryAfter).toBeLessThanOrEqual(seconds);
  // The time can pass to the next second between the fault and its headers.
  expect(retryAfter - secondsIn(second.headers.get("ratelimit"))).toBeOneOf([0, 1]);
});

test("another app is not affected", async () => {
  await newBusyApp();
  const other = await newApp();
  expect((await syncOverRest(other, [entry("a", "b")])).status).toBe(200);
});

test.each(wireTransports)("$name has the headers of the limit on success", async (transport) => {
  const { header } = await newApp();
  const { code, text } = await transport.send({ port: served.port, header });
  expect(code).toBe("OK");
  expect(text).toMatch(/^ratelimit: "contacts";r=[01](;t=1)?$/im);
  expect(text).toContain(`ratelimit-policy: ${policy}`);
});

test.each(wireTransports)(
  "$name rejects a call over the limit before its body, with the headers",
  async (transport) => {
    const { header } = await newBusyApp();
    const { code, text } = await transport.send({ port: served.port, header, hasBody: false });
    expect(code).toBe(transport.protocol === "rest" ? "42900" : "RESOURCE_EXHAUSTED");
    expect(text).toMatch(/^ratelimit: "contacts";r=0;t=\d+$/im);
    expect(text).toContain(`ratelimit-policy: ${policy}`);
    expect(text).toMatch(/^retry-after: \d+$/im);
  },
);

test.each(Object.entries(rpcClients))("%s gets the details", async (_, createClient) => {
  const { header, name } = await newBusyApp();
  const client = createClient(served.url);
  const request = create(SyncContactsRequestSchema, {
    contacts: [{ ownerXcUserId: "a", contactXcUserId: "b" }],
  });
  const { failure } = await client.sync(request, { "server-key": header });
  client.close();
  const description = "The app has used its rate limit of 1 contacts per second";
  expect(failure).toEqual({
    code: "RESOURCE_EXHAUSTED",
    message: description,
    details: {
      "google.rpc.ErrorInfo": expect.objectContaining({ reason: "RATE_LIMITED", domain: "kith" }),
      "google.rpc.QuotaFailure": {
        violations: [
          {
            ...{ subject: `app:${name}`, description },
            ...{ quotaMetric: "contacts", quotaId: "contacts_per_second", quotaValue: "1" },
          },
        ],
      },
      "google.rpc.RetryInfo": { retryDelay: expect.stringMatching(/^\d+s$/) },
    },
  });
});

test("a limit of the app itself is effective within 10 s", async () => {
  const app = await newApp();
  expect((await syncOverRest(app, [entry("a", "b")])).headers.get("ratelimit-policy")).toBe(policy);
  await withAdmin(served.service.databaseUrl, (admin) =>
    admin.query("UPDATE app SET contacts_per_second = 7, burst = 70 WHERE id = $1", [app.id]),
  );
  const changedAt = performance.now();
  await eventually("the new limit", async () => {
    const sentAt = performance.now();
    const { headers } = await syncOverRest(app, [entry("a", "b")]);
    const isNew = headers.get("ratelimit-policy") === '"contacts";q=70;w=10;qu="contacts"';
    // However long the response took, the request was sent in time.
    if (!isNew) expect(sentAt - changedAt).toBeLessThan(10_000);
    return isNew;
  });
});
