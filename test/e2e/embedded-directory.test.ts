import { spawn } from "node:child_process";
import { chown, mkdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, onTestFinished, test } from "vitest";
import {
  type EmbeddedPostgres,
  joinEmbeddedPostgres,
  startEmbeddedPostgres,
} from "../../src/embedded/postgres.ts";
import { makeClusterDirectory } from "../support/cluster-directory.ts";
import { connectClient } from "../support/database.ts";
import { clusterForFile } from "./support/embedded-cluster.ts";

const timeout = 180_000;
const settings = { fsync: "off" };
const makeCluster = clusterForFile();

let parent: string;
let dataDir: string;
let started: EmbeddedPostgres[];

beforeEach(() => {
  parent = makeClusterDirectory("kith-embedded-");
  dataDir = join(parent, "data");
  started = [];
});
afterEach(async () => {
  for (const postgres of started) await postgres.stop();
  await rm(parent, { recursive: true, force: true });
});

async function start(options: Partial<Parameters<typeof startEmbeddedPostgres>[0]> = {}) {
  const postgres = await startEmbeddedPostgres({ dataDir, settings, ...options });
  started.push(postgres);
  return postgres;
}

async function joinAsCommand() {
  const postgres = await joinEmbeddedPostgres({ dataDir, settings });
  started.push(postgres);
  return postgres;
}

async function query({ connectionString }: EmbeddedPostgres, text: string): Promise<unknown> {
  const client = await connectClient(connectionString);
  try {
    return Object.values((await client.query(text)).rows[0] ?? {})[0];
  } finally {
    await client.end();
  }
}

async function postmasterPid(): Promise<number> {
  return Number.parseInt(await readFile(join(dataDir, "postgres/postmaster.pid"), "utf8"), 10);
}

function socketDir({ connectionString }: EmbeddedPostgres): string {
  return new URL(connectionString).searchParams.get("host") ?? "";
}

for (const [what, name] of [
  ["spaces and special characters of a shell", `it's "$HOME" \`x\`; \\ & *`],
  [
    "letters outside ASCII and special characters of Postgres and of URLs",
    "données-数据,b:c%20?d=e#f",
  ],
] as const) {
  test(`a path with ${what}`, { timeout }, async () => {
    dataDir = join(parent, name);
    const first = await start();
    await query(first, "CREATE TABLE kept AS SELECT 7 AS n");
    await first.stop();
    const second = await start();
    expect(await query(second, "SELECT n FROM kept")).toBe(7);
  });
}

test("a path with 150 characters: the socket is elsewhere, and is removed when Postgres stops", {
  timeout,
}, async () => {
  dataDir = join(parent, "d".repeat(150));
  await (await start()).stop();
  const postgres = await start();
  const dir = socketDir(postgres);
  expect(dir.startsWith(dataDir)).toBe(false);
  expect((await stat(dir)).mode & 0o777).toBe(0o700);
  expect(await query(postgres, "SELECT 1")).toBe(1);
  await postgres.stop();
  await expect(stat(dirname(dir))).rejects.toThrow("ENOENT");
});

test("only the user of Postgres can reach the socket", { timeout }, async () => {
  await makeCluster(dataDir);
  const postgres = await start();
  expect(socketDir(postgres)).toBe(join(dataDir, "run"));
  expect((await stat(socketDir(postgres))).mode & 0o777).toBe(0o700);
  expect(await query(postgres, "SHOW listen_addresses")).toBe("");
});

test("one of several concurrent first starts succeeds", { timeout }, async () => {
  const results = await Promise.allSettled([start(), start(), start(), start()]);
  const failures = results.flatMap((result) =>
    result.status === "rejected" ? [String(result.reason)] : [],
  );
  expect(failures).toHaveLength(3);
  for (const failure of failures) {
    expect(failure).toContain(
      `is in use by another running process (pid ${process.pid}). Stop that one, or set DATA_DIR`,
    );
  }
  const [winner] = started;
  expect(winner && (await query(winner, "SELECT 1"))).toBe(1);
});

test("Postgres gets a setting with special characters unchanged", { timeout }, async () => {
  await makeCluster(dataDir);
  const written = `it's "a" $HOME \\ , value`;
  const postgres = await start({ settings: { ...settings, application_name: written } });
  expect(await query(postgres, "SHOW application_name")).toBe(written);
});

test("a failed start reports the log of Postgres, and releases the directory", {
  timeout,
}, async () => {
  await makeCluster(dataDir);
  await expect(start({ settings: { ...settings, shared_buffers: "much" } })).rejects.toThrow(
    /could not start on .*\nThe end of .*postgres\.log:\n(.*\n)*.*invalid value for parameter "shared_buffers": "much"/,
  );
  expect(await query(await start(), "SELECT 1")).toBe(1);
});

test("a command joins the Postgres of the service and leaves it running", {
  timeout,
}, async () => {
  await makeCluster(dataDir);
  const service = await start();
  const command = await joinAsCommand();
  expect(command.connectionString).toBe(service.connectionString);
  await command.stop();
  expect(await query(service, "SELECT 1")).toBe(1);
});

for (const [what, next] of [
  ["command", joinAsCommand],
  ["service", start],
] as const) {
  test(`a ${what} waits until an earlier command has ended`, { timeout }, async () => {
    await makeCluster(dataDir);
    const first = await joinAsCommand();
    const waiting = next();
    expect(await query(first, "SELECT 1")).toBe(1);
    await first.stop();
    expect(await query(await waiting, "SELECT 1")).toBe(1);
  });
}

test("a start ignores a postmaster.pid with the pid of another running process", {
  timeout,
}, async () => {
  await makeCluster(dataDir);
  await (await start()).stop();
  // Postgres ignores the pid of a process that it may not signal, so this one runs as its user.
  const { uid, gid } = await stat(join(dataDir, "postgres"));
  const other = spawn("sleep", ["600"], { uid, gid });
  onTestFinished(() => void other.kill());
  const stale = `${other.pid}\n${dataDir}/postgres\n1\n5432\n/nowhere\n\n  1  1\nready   \n`;
  await writeFile(join(dataDir, "postgres/postmaster.pid"), stale);
  expect(await query(await start(), "SELECT 1")).toBe(1);
});

test("a start does not stop a Postgres that Kith did not start", { timeout }, async () => {
  await makeCluster(dataDir);
  const first = await start();
  const pid = await postmasterPid();
  // A Postgres that holds no lock looks like one that was started by hand.
  for (const name of ["owner.lock", "postgres.lock"]) await rm(join(dataDir, name));
  await expect(start()).rejects.toThrow(
    `A Postgres that Kith did not start runs on ${dataDir}/postgres (pid ${pid})`,
  );
  expect(await query(first, "SELECT 1")).toBe(1);
});

test("a start replaces the files of an interrupted first start", { timeout }, async () => {
  await mkdir(join(dataDir, "postgres.new/base"), { recursive: true });
  await writeFile(join(dataDir, "postgres.new/PG_VERSION"), "18\n");
  expect(await query(await start(), "SELECT 1")).toBe(1);
});

test("a start rejects a cluster of another major version", { timeout }, async () => {
  const cluster = join(dataDir, "postgres");
  await mkdir(cluster, { recursive: true });
  await writeFile(join(cluster, "PG_VERSION"), "9.6\n");
  if (process.getuid?.() === 0) await chown(cluster, 65534, 65534);
  await expect(start()).rejects.toThrow(
    /was made by Postgres 9\.6, and this is Postgres 18, which cannot/,
  );
});

test("a start empties a log that is longer than 10 MiB", { timeout }, async () => {
  await makeCluster(dataDir);
  const log = join(dataDir, "postgres.log");
  await writeFile(log, "x".repeat(11 * 1024 * 1024));
  await start();
  const { size } = await stat(log);
  expect(size).toBeGreaterThan(0);
  expect(size).toBeLessThan(1024 * 1024);
});

test("onExit is called once when Postgres is killed, and a new start recovers", {
  timeout,
}, async () => {
  await makeCluster(dataDir);
  const messages: string[] = [];
  const first = await start({ onExit: (message) => messages.push(message) });
  await query(first, "CREATE TABLE kept AS SELECT 7 AS n");
  process.kill(await postmasterPid(), "SIGKILL");
  while (messages.length === 0) await sleep(10);
  expect(messages).toEqual([expect.stringContaining("ended by itself")]);
  await first.stop();
  const second = await start();
  expect(await query(second, "SELECT n FROM kept")).toBe(7);
  expect(messages).toHaveLength(1);
});

test("onExit is not called by stop", { timeout }, async () => {
  await makeCluster(dataDir);
  const messages: string[] = [];
  const postgres = await start({ onExit: (message) => messages.push(message) });
  await Promise.all([postgres.stop(), postgres.stop()]);
  expect(messages).toEqual([]);
  await expect(postmasterPid()).rejects.toThrow("ENOENT");
});
