import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { expect, inject, onTestFinished, test } from "vitest";
import { pgbouncerVersion, startPgBouncer } from "../support/pgbouncer.ts";
import { entry, syncOverRest } from "./support/calls.ts";
import { eventually } from "./support/eventually.ts";
import { createPooledService } from "./support/pooled-service.ts";

const isInstalled = pgbouncerVersion() !== undefined;
if (!isInstalled) process.stderr.write("skipped: PgBouncer is not installed\n");

test.skipIf(!isInstalled)(
  "restarts and reloads of the pooler under load lose no acknowledged sync",
  async () => {
    const pooler = await startPgBouncer(inject("postgresUrl"));
    onTestFinished(() => pooler.stop());
    const { target, databaseUrl } = await createPooledService(pooler);
    const acknowledged: string[] = [];
    let isStopped = false;
    const callers = Array.from({ length: 8 }, async (_, caller) => {
      for (let n = 0; !isStopped; n++) {
        const id = `u${caller}-${n}`;
        const answer = await syncOverRest(target, [entry("owner", id)]).catch(() => undefined);
        if (answer?.status === 200) acknowledged.push(id);
        else await sleep(10);
      }
    });
    for (let round = 0; round < 3; round++) {
      const before = acknowledged.length;
      await eventually("syncs succeed", () => acknowledged.length > before + 50);
      pooler.signal("SIGHUP");
      await eventually("syncs succeed", () => acknowledged.length > before + 100);
      await pooler.restart();
    }
    const before = acknowledged.length;
    await eventually("syncs succeed after the restarts", () => acknowledged.length > before + 50);
    isStopped = true;
    await Promise.all(callers);

    const stored = await query(databaseUrl, "SELECT contact_id FROM contact");
    const ids = new Set(stored.map(({ contact_id }) => contact_id));
    expect(acknowledged.filter((id) => !ids.has(id))).toEqual([]);
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
