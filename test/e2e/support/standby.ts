import { execFileSync } from "node:child_process";
import { chownSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { startEmbeddedPostgres } from "../../../src/embedded/postgres.ts";
import { makeClusterDirectory } from "../../support/cluster-directory.ts";
import { connectClient, withAdmin } from "../../support/database.ts";
import { eventually } from "./eventually.ts";

/** A primary whose commits wait for its standby. */
export interface Cluster extends AsyncDisposable {
  /** A URL with both hosts, for a client that needs the primary. */
  readonly url: string;
  /** The connection string of the standby. */
  readonly standbyUrl: string;
  /** The standby receives nothing from the primary for this time. Then the primary is killed, and replaced. */
  failOver(separateMs: number): Promise<void>;
}

const fast = { fsync: "off", full_page_writes: "off" };
const standbyName = "standby";

export async function startCluster(): Promise<Cluster> {
  await using stack = new AsyncDisposableStack();
  const directory = () => {
    const path = makeClusterDirectory("kith-failover-");
    stack.defer(() => rmSync(path, { recursive: true, force: true, maxRetries: 20 }));
    return path;
  };
  const [primaryDir, standbyDir] = [directory(), directory()];
  const primary = await startEmbeddedPostgres({ dataDir: primaryDir, settings: fast });
  stack.defer(() => primary.stop());
  await copyCluster(primary.connectionString, primaryDir, standbyDir);
  const standby = await startEmbeddedPostgres({
    dataDir: standbyDir,
    settings: { ...fast, primary_conninfo: connectionInfo(primary.connectionString) },
  });
  stack.defer(() => standby.stop());
  await awaitStandby(primary.connectionString);

  const hosts = [primary, standby].map(({ connectionString }) => hostOf(connectionString));
  const url = new URL(primary.connectionString);
  url.searchParams.set("host", hosts.join(","));
  url.searchParams.set("target_session_attrs", "read-write");
  const resources = stack.move();
  return {
    url: url.href,
    standbyUrl: standby.connectionString,
    async failOver(separateMs) {
      const receiver = await receiverOf(standby.connectionString);
      process.kill(receiver, "SIGSTOP");
      await sleep(separateMs);
      const [pid] = readFileSync(`${primaryDir}/postgres/postmaster.pid`, "utf8").split("\n");
      const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ");
      for (const each of [pid, ...children.filter(Boolean)]) kill(Number(each));
      // It ends without what the primary has sent in the meantime.
      process.kill(receiver, "SIGTERM");
      process.kill(receiver, "SIGCONT");
      await withAdmin(standby.connectionString, (admin) => admin.query("SELECT pg_promote()"));
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

/** The process of the standby that receives from the primary. */
async function receiverOf(url: string): Promise<number> {
  const { rows } = await withAdmin(url, (admin) =>
    admin.query<{ pid: number }>("SELECT pid FROM pg_stat_wal_receiver"),
  );
  return Number(rows[0]?.pid);
}

/** Does nothing if the process has ended. */
function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {}
}

/** Takes a base backup. The package of the embedded Postgres has no pg_basebackup. */
async function copyCluster(url: string, from: string, to: string): Promise<void> {
  const session = await connectClient(url);
  await session.query("SELECT pg_backup_start('standby', true)");
  execFileSync("cp", ["-a", `${from}/postgres`, `${to}/postgres`]);
  const { rows } = await session.query<{ label: string }>(
    "SELECT labelfile AS label FROM pg_backup_stop(false)",
  );
  await session.end();
  rmSync(`${to}/postgres/postmaster.pid`);
  const { uid, gid } = statSync(`${to}/postgres`);
  const texts = { backup_label: rows[0]?.label ?? "", "standby.signal": "" };
  for (const [name, text] of Object.entries(texts)) {
    writeFileSync(`${to}/postgres/${name}`, text);
    chownSync(`${to}/postgres/${name}`, uid, gid);
  }
}

/** From now on commits wait until the standby has them. */
async function awaitStandby(url: string): Promise<void> {
  await withAdmin(url, async (admin) => {
    await admin.query(`ALTER SYSTEM SET synchronous_standby_names TO '${standbyName}'`);
    await admin.query("SELECT pg_reload_conf()");
    await eventually("the standby is synchronous", async () => {
      const { rows } = await admin.query("SELECT sync_state FROM pg_stat_replication");
      return rows[0]?.sync_state === "sync";
    });
  });
}

function hostOf(url: string): string {
  return new URL(url).searchParams.get("host") ?? "";
}

function connectionInfo(url: string): string {
  return `host='${hostOf(url)}' port=5432 user=postgres application_name=${standbyName}`;
}
