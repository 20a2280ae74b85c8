import { expect, test } from "vitest";
import { withAdmin } from "../support/database.ts";
import { startServiceForTest } from "../support/service.ts";
import { entry, expectToServe, syncOverRest } from "./support/calls.ts";
import { eventually } from "./support/eventually.ts";

/** What connections that open from now on lead to: a server that takes writes, or a standby. */
function leadTo(databaseUrl: string, server: "primary" | "standby"): Promise<void> {
  const name = new URL(databaseUrl).pathname.slice(1);
  const change = server === "standby" ? "SET default_transaction_read_only TO on" : "RESET ALL";
  return withAdmin(databaseUrl, async (admin) => {
    // Not in a transaction of the database itself, which would be read-only.
    await admin.query("SET default_transaction_read_only TO off");
    await admin.query(`ALTER DATABASE ${name} ${change}`);
  });
}

test("a service whose connections lead to a standby reconnects to the primary", async () => {
  const service = await startServiceForTest();
  const { header } = await service.createApp();
  const target = { url: service.url, header };
  const readyz = async () => (await fetch(`${service.url}/readyz`)).status;
  const syncAtOnce = async () => {
    const syncs = Array.from({ length: 20 }, (_, n) => syncOverRest(target, [entry(`o${n}`, "c")]));
    return new Set((await Promise.all(syncs)).map(({ status }) => status));
  };
  await expectToServe(target);

  await leadTo(service.databaseUrl, "standby");
  await withAdmin(service.databaseUrl, (admin) =>
    admin.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE datname = current_database() AND application_name = 'kith'`,
    ),
  );
  await eventually("not ready", async () => (await readyz()) === 503);
  expect(await syncAtOnce()).toEqual(new Set([503]));

  // A standby answers reads, so its connections stay in the pool.
  const counts = Array.from({ length: 20 }, () =>
    fetch(`${service.url}/v1/server/contact/count`, {
      method: "POST",
      headers: { "Server-Key": header, "Content-Type": "application/json" },
      body: JSON.stringify({ xcUserID: "o1" }),
    }),
  );
  for (const { status } of await Promise.all(counts)) expect(status).toBe(200);

  await leadTo(service.databaseUrl, "primary");
  // At most one call meets a connection to the standby.
  await syncOverRest(target, [entry("first", "c")]);
  expect(await syncAtOnce()).toEqual(new Set([200]));
  await eventually("ready", async () => (await readyz()) === 200);
});
