import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { expect, inject, onTestFinished, test } from "vitest";
import { connectClient } from "../support/database.ts";
import type { PgBouncer } from "../support/pgbouncer.ts";
import { canPrepare, pgbouncerVersion, startPgBouncer } from "../support/pgbouncer.ts";
import { entry, expectToServe, syncOverRest } from "./support/calls.ts";
import { eventually } from "./support/eventually.ts";
import { callerOwner, startPairCallers } from "./support/pair-callers.ts";
import { createPooledService } from "./support/pooled-service.ts";
import { storedContacts } from "./support/row-lock.ts";

const isInstalled = pgbouncerVersion() !== undefined;
if (!isInstalled) process.stderr.write("skipped: PgBouncer is not installed\n");

/** What happens to the pooler while it serves. Each takes it away for a moment, or changes its connections. */
const disturbances: Record<string, (pooler: PgBouncer) => Promise<void>> = {
  "is killed": (pooler) => pooler.restart(),
  "reloads its configuration": async (pooler) => pooler.signal("SIGHUP"),
  "is stopped for longer than a request takes": async (pooler) => {
    pooler.signal("SIGSTOP");
    await sleep(2 * requestTimeoutMs);
    pooler.signal("SIGCONT");
  },
};
const requestTimeoutMs = 1_000;
const rounds = 4;

test.skipIf(!isInstalled).each(Object.entries(disturbances))(
  "no acknowledged sync is lost, and no failed one comes late, when the pooler %s",
  async (_, disturb) => {
    const pooler = await startPgBouncer(inject("postgresUrl"));
    onTestFinished(() => pooler.stop());
    const { target, databaseUrl } = await createPooledService(pooler, {
      REQUEST_TIMEOUT_MS: String(requestTimeoutMs),
    });
    const callers = startPairCallers([target], 16);
    const serves = async () => {
      const before = callers.successes();
      await eventually("syncs succeed", () => callers.successes() > before + 100);
    };
    // Some transactions wait for this lock when the pooler is disturbed.
    const holder = await connectClient(databaseUrl);
    onTestFinished(() => holder.end());
    for (let round = 0; round < rounds; round++) {
      await serves();
      await holder.query("BEGIN; LOCK TABLE contact IN SHARE MODE");
      await sleep(20);
      await disturb(pooler);
      await holder.query("ROLLBACK");
    }
    await serves();
    const contacts = await callers.stop();
    expect(callers.violations).toEqual([]);
    expect(await storedContacts(databaseUrl, callerOwner)).toEqual(contacts);
  },
);

test.skipIf(!isInstalled)(
  "nothing that Kith sets stays in the sessions of the server",
  async () => {
    const pooler = await startPgBouncer(inject("postgresUrl"), { default_pool_size: 1 });
    onTestFinished(() => pooler.stop());
    const { target, databaseUrl } = await createPooledService(pooler);
    const { status } = await syncOverRest(target, [entry("a", "b")]);
    expect(status).toBe(200);
    const settings = `SELECT name, setting FROM pg_settings
    WHERE name LIKE 'enable%' OR name LIKE '%timeout' OR name IN ('search_path', 'plan_cache_mode', 'jit')
    ORDER BY name`;
    expect(await query(pooler.urlOf(databaseUrl), settings)).toEqual(
      await query(databaseUrl, settings),
    );
  },
);

async function query(connectionString: string, text: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  const { rows } = await client.query(text);
  await client.end();
  return rows;
}

test.skipIf(!isInstalled)(
  "a pooler that keeps no prepared statements ends the start, with the variable to set",
  async () => {
    const settings = canPrepare() ? { max_prepared_statements: 0 } : {};
    const pooler = await startPgBouncer(inject("postgresUrl"), settings);
    onTestFinished(() => pooler.stop());
    await expect(createPooledService(pooler, { DATABASE_PREPARE: "on" })).rejects.toThrow(
      /of DATABASE_URL: the pooler keeps no prepared statements; set DATABASE_PREPARE=off/,
    );
  },
);

test.skipIf(!isInstalled)("a service with prepared statements works in session mode", async () => {
  const pooler = await startPgBouncer(inject("postgresUrl"), {
    pool_mode: "session",
    default_pool_size: 30,
  });
  onTestFinished(() => pooler.stop());
  const { target } = await createPooledService(pooler, { DATABASE_PREPARE: "on" });
  await expectToServe(target);
});
