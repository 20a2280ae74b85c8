import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import { basename } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { EmbeddedPostgresError } from "./errors.ts";
import { type FileLock, tryLock } from "./lock.ts";
import { type Programs, run } from "./programs.ts";

/** The database for Kith in a new cluster, in addition to those of Postgres. */
export const database = "kith";

/** The maximum time for a Postgres of an earlier run to stop, in milliseconds. */
const stopLimitMs = 30_000;

// $1 is the directory of the programs, $2 the cluster. Trust is safe: only the user of Postgres can reach
// the socket. Single-user mode without syncs (-F) makes the database in about 60 ms, by copying files.
const initScript = `
"$1/initdb" --pgdata="$2" --username=postgres --auth=trust --no-sync --encoding=UTF8 --locale=C \\
  --locale-provider=builtin --builtin-locale=C.UTF-8 &&
echo "CREATE DATABASE ${database} STRATEGY = file_copy" | "$1/postgres" --single -F -D "$2" postgres`;

// One sync of the whole file system is much faster than one for each of a thousand files.
const syncScript = `"$1/initdb" --pgdata="$2" --sync-only \
  ${process.platform === "linux" ? "--sync-method=syncfs" : ""}`;

/** The directory of the Postgres data files. */
export function clusterPath(dataDir: string): string {
  return `${dataDir}/postgres`;
}

/**
 * Takes the cluster lock, which every process that works on the cluster holds. Only the owner of the data
 * directory may call this function. A Postgres that still runs is left over from a killed owner, so it is
 * stopped. A leftover `postmaster.pid` is removed, because Postgres would not start if another process now
 * had this pid.
 *
 * @throws {EmbeddedPostgresError} The old Postgres does not stop, or Kith did not start it.
 */
export async function takeCluster(dataDir: string, programs: Programs): Promise<FileLock> {
  const cluster = clusterPath(dataDir);
  const giveUpAt = performance.now() + stopLimitMs;
  const modes = ["fast", "immediate"];
  for (;;) {
    const lock = await tryLock(`${dataDir}/postgres.lock`);
    const pid = postmasterPid(cluster);
    if (lock && pid === undefined) {
      fs.rmSync(`${cluster}/postmaster.pid`, { force: true });
      return lock;
    }
    if (lock) {
      lock.release();
      throw new EmbeddedPostgresError(
        `A Postgres that Kith did not start runs on ${cluster} (pid ${pid}). Stop it first.`,
      );
    }
    const mode = pid && modes.shift();
    if (mode) {
      const flags = ["-s", "-D", cluster, "-m", mode, "-t", "10"];
      await run([`${programs.bin}/pg_ctl`, "stop", ...flags], programs);
    } else if (performance.now() > giveUpAt) {
      throw new EmbeddedPostgresError(
        `The Postgres of an earlier run on ${cluster} does not stop${pid ? ` (pid ${pid})` : ""}. ` +
          `Stop it by hand; ${dataDir}/postgres.log may say why.`,
      );
    } else await sleep(25);
  }
}

/** The pid of the Postgres that runs on the cluster. pg_ctl does not notice if the pid was reused. */
function postmasterPid(cluster: string): number | undefined {
  try {
    const pid = Number.parseInt(fs.readFileSync(`${cluster}/postmaster.pid`, "utf8"), 10);
    if (process.platform !== "linux") {
      const args = execFileSync("/bin/ps", ["-ww", "-o", "args=", "-p", `${pid}`]).toString();
      return args.includes("postgres") && args.includes(cluster) ? pid : undefined;
    }
    // Every process may read the arguments, but not always the current directory, for example in Docker.
    const words = fs.readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
    if (basename(words[0] ?? "") !== "postgres") return undefined;
    if (words.includes(cluster)) return pid;
    return fs.readlinkSync(`/proc/${pid}/cwd`) === cluster ? pid : undefined;
  } catch {
    return undefined; // There is no such file or process.
  }
}

/**
 * Creates the cluster and its database if there is none. It is created in another directory, written to
 * disk, and then renamed. After a kill or a power failure, there is either no cluster or a complete one.
 *
 * @param options.lock The cluster lock. The programs also hold it, because they may outlive this process.
 * @param options.durable False for a temporary cluster: nothing waits for the disk.
 * @throws {EmbeddedPostgresError} A step failed, or another major version of Postgres made the cluster.
 */
export async function ensureCluster(options: {
  dataDir: string;
  programs: Programs;
  lock: FileLock;
  durable: boolean;
}): Promise<void> {
  const { dataDir, programs, lock, durable } = options;
  const cluster = clusterPath(dataDir);
  if (fs.existsSync(cluster)) {
    const version = fs.readFileSync(`${cluster}/PG_VERSION`, "utf8").trim();
    if (version === programs.major) return;
    throw new EmbeddedPostgresError(
      `${cluster} was made by Postgres ${version}, and this is Postgres ${programs.major}, which cannot ` +
        "read it. Use the release of Kith it was made with, or move it away to begin anew.",
    );
  }

  const dir = `${cluster}.new`;
  fs.rmSync(dir, { recursive: true, force: true });
  fs.mkdirSync(dir, { mode: 0o700 });
  fs.lchownSync(dir, programs.uid, programs.gid);
  const script = durable ? `${initScript} && ${syncScript}` : initScript;
  const words = ["/bin/sh", "-c", script, "kith-initdb", programs.bin, dir];
  const { code, output } = await run(words, { ...programs, fd: lock.fd });
  if (code !== 0) {
    const hint = output.includes("could not look up effective user ID")
      ? "\nThis user id has no name: give it a line in /etc/passwd, run Kith as a user who has one, " +
        "or set DATABASE_URL to a Postgres of your own."
      : "";
    throw new EmbeddedPostgresError(`Could not make ${cluster} (code ${code}):\n${output}${hint}`);
  }
  fs.renameSync(dir, cluster);
  if (!durable) return;
  const fd = fs.openSync(dataDir, "r");
  fs.fsyncSync(fd);
  fs.closeSync(fd);
}
