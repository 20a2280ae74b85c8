import { expect, test } from "vitest";
import { withAdmin } from "../support/database.ts";
import { startServiceForTest } from "../support/service.ts";
import { entry, syncOverRest } from "./support/calls.ts";
import { eventually } from "./support/eventually.ts";

async function list(url: string, header: string, headers: Record<string, string> = {}) {
  const response = await fetch(`${url}/v1/server/contact/list`, {
    method: "POST",
    headers: { "Server-Key": header, "Content-Type": "application/json", ...headers },
    body: JSON.stringify({ ownerXCUserID: "alice" }),
  });
  return { status: response.status, text: await response.text() };
}

/** What the connections of the replica have run last. */
function queriesOf(databaseUrl: string): Promise<string> {
  return withAdmin(databaseUrl, async (admin) => {
    const { rows } = await admin.query(
      "SELECT query FROM pg_stat_activity WHERE application_name = 'replica'",
    );
    return rows.map(({ query }) => query).join("\n");
  });
}

const stale = { "X-Allow-Stale": "true" };

test("a read goes to the replica only if its caller allows it", async () => {
  const database = await startServiceForTest();
  const url = new URL(database.databaseUrl);
  url.searchParams.set("application_name", "replica");
  const service = await startServiceForTest({
    DATABASE_URL: database.databaseUrl,
    DATABASE_READ_URL: url.href,
    DATABASE_READ_MAX_LAG_MS: "3600000",
  });
  const { header } = await database.createApp();
  await syncOverRest({ url: service.url, header }, [entry("alice", "bob")]);
  const own = await list(service.url, header);
  expect(own.text).toContain("bob");
  expect(await queriesOf(database.databaseUrl)).not.toContain("json_agg");
  await eventually("the replica answers", async () => {
    expect(await list(service.url, header, stale)).toEqual(own);
    return (await queriesOf(database.databaseUrl)).includes("json_agg");
  });
});

test("the primary answers if the replica cannot be reached", async () => {
  const service = await startServiceForTest({ DATABASE_READ_URL: "postgres://u@127.0.0.1:1/none" });
  const { header } = await service.createApp();
  await syncOverRest({ url: service.url, header }, [entry("alice", "bob")]);
  const { status, text } = await list(service.url, header, stale);
  expect([status, text]).toEqual([200, expect.stringContaining("bob")]);
});
