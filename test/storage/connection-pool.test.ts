import { afterEach, expect, onTestFinished, test, vi } from "vitest";
import type { Pool } from "../../src/storage/database.ts";
import { createTestDatabase, openPool } from "../support/database.ts";
import { hostileDefaults } from "../support/hostile-defaults.ts";
import { openSession } from "./support/session.ts";

afterEach(() => {
  vi.useRealTimers();
});

async function newDatabase(defaults: Record<string, string> = {}): Promise<string> {
  const { url, drop } = await createTestDatabase({ defaults });
  onTestFinished(drop);
  return url;
}

/** The server processes of connections that are all in use at the same time. */
async function pidsOf(pool: Pool, count: number): Promise<number[]> {
  const clients = await Promise.all(Array.from({ length: count }, () => pool.connect()));
  const pids = await Promise.all(
    clients.map(async (client) => {
      const { rows } = await client.query("SELECT pg_backend_pid() AS pid");
      return rows[0].pid as number;
    }),
  );
  for (const client of clients) client.release();
  return pids;
}

/** Writes in a transaction that may not. */
const writeReadOnly = "BEGIN READ ONLY; DELETE FROM contact";

test("one read-only error retires every connection, idle and in use", async () => {
  const pool = openPool(await newDatabase(), 3);
  const before = await pidsOf(pool, 3);
  expect(await pidsOf(pool, 3)).toEqual(expect.arrayContaining(before));
  const inUse = await pool.connect();
  const failing = await pool.connect();
  await expect(failing.query(writeReadOnly)).rejects.toMatchObject({ code: "25006" });
  failing.release(true);
  const { rows } = await inUse.query("SELECT 'goes on' AS state");
  expect(rows).toEqual([{ state: "goes on" }]);
  inUse.release();
  const after = await pidsOf(pool, 3);
  expect(after.filter((pid) => before.includes(pid))).toEqual([]);
});

test("an error of another kind retires no connection", async () => {
  const pool = openPool(await newDatabase(), 3);
  const before = await pidsOf(pool, 3);
  await expect(pool.query("SELECT 1 / 0")).rejects.toMatchObject({ code: "22012" });
  const after = await pidsOf(pool, 2);
  expect(before).toEqual(expect.arrayContaining(after));
});

test("a connection is replaced when it is old, each at an age of its own", async () => {
  vi.useFakeTimers({ toFake: ["performance"] });
  const random = vi.spyOn(Math, "random");
  onTestFinished(() => random.mockRestore());
  const pool = openPool(await newDatabase(), 2);
  random.mockReturnValue(0);
  const [first] = await pidsOf(pool, 1);
  vi.advanceTimersByTime(299_000);
  expect(await pidsOf(pool, 1)).toEqual([first]);
  vi.advanceTimersByTime(1_000);
  random.mockReturnValue(0.5);
  const [second] = await pidsOf(pool, 1);
  expect(second).not.toBe(first);
  vi.advanceTimersByTime(329_000);
  expect(await pidsOf(pool, 1)).toEqual([second]);
  vi.advanceTimersByTime(1_000);
  expect(await pidsOf(pool, 1)).not.toEqual([second]);
});

test("whatever keeps a connection from being opened is an unavailable database", async () => {
  const url = new URL(await newDatabase());
  const causes: [change: (url: URL) => void, cause: unknown][] = [
    [({ searchParams }) => searchParams.set("user", "nobody"), { code: "28000" }],
    [({ searchParams }) => searchParams.set("options", "-c no_such_setting=1"), { code: "42704" }],
    [
      ({ searchParams }) => {
        // A Unix socket has no TLS.
        searchParams.set("host", "127.0.0.1");
        searchParams.set("sslmode", "verify-ca");
        searchParams.set("sslrootcert", "/missing.crt");
      },
      { code: "ENOENT" },
    ],
    [({ searchParams }) => searchParams.set("host", "/missing"), { code: "ENOENT" }],
  ];
  for (const [change, cause] of causes) {
    const changed = new URL(url);
    change(changed);
    await expect(openPool(changed.href, 1).connect()).rejects.toMatchObject({
      reason: "DATABASE_UNAVAILABLE",
      cause,
    });
  }
});

const optionsOf = (settings: Record<string, string>) =>
  Object.entries(settings)
    .map(([name, value]) => `-c ${name}=${value.replaceAll(" ", "\\ ")}`)
    .join(" ");

const { client_encoding, search_path, statement_timeout, ...urlSettings } = hostileDefaults;

test.each([
  ["the database", hostileDefaults, {}],
  ["the URL", {}, urlSettings],
])("settings of %s do not replace Kith's own", async (_, defaults, inUrl) => {
  const usual = openPool(await newDatabase({}), 1);
  const url = new URL(await newDatabase(defaults));
  url.searchParams.set("options", optionsOf(inUrl));
  const pool = openPool(url.href, 1);
  const names = [
    ...["default_transaction_isolation", "default_transaction_deferrable", "statement_timeout"],
    ...["lock_timeout", "idle_in_transaction_session_timeout", "client_encoding", "search_path"],
    ...["standard_conforming_strings", "plan_cache_mode", "jit", "idle_session_timeout"],
    "transaction_timeout",
    ...Object.keys(hostileDefaults).filter((name) => name.startsWith("enable_")),
  ];
  const settingsOf = async (of: Pool) =>
    (
      await of.query("SELECT name, current_setting(name, true) FROM unnest($1::text[]) AS name", [
        names,
      ])
    ).rows;
  expect(await settingsOf(pool)).toEqual(await settingsOf(usual));
});

test("settings of the URL that are not Kith's own hold", async () => {
  const url = new URL(await newDatabase());
  url.searchParams.set("options", "-c work_mem=7MB -c search_path=own,public");
  const session = await openSession(url.href);
  await session.query("CREATE SCHEMA own");
  const { rows } = await openPool(url.href, 1).query(
    "SELECT current_setting('work_mem') AS memory, current_schema() AS schema",
  );
  expect(rows).toEqual([{ memory: "7MB", schema: "own" }]);
});
