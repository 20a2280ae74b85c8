import { rmSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { DataPaths } from "./data-paths.ts";
import { EmbeddedPostgresError, hasCode } from "./errors.ts";
import { type FileLock, tryLock } from "./file-lock.ts";
import { isPostmasterOf, postmasterFilePath, readPostmasterFile } from "./postmaster.ts";

const pollMs = 25;
/** After so many milliseconds a Postgres that does not stop in an orderly way is stopped at once. */
const fastShutdownMs = 10_000;
/** And after so many in all we give up. */
const giveUpMs = 18_000;

/**
 * Takes the cluster lock, which every process of Postgres holds while it lives. Call it only as the
 * owner of the data directory: whoever holds it is then what a killed owner left behind, is stopping by
 * itself or is stopped here, and is waited for (at most 18 s). What remains after that in files, such as
 * the `postmaster.pid` of a crashed machine, is certainly stale and removed.
 *
 * The lock is to be passed to the next Postgres and then released here.
 *
 * @throws {EmbeddedPostgresError} The old Postgres does not stop, or somebody runs one by hand.
 */
export async function takeCluster(paths: DataPaths): Promise<FileLock> {
  const started = performance.now();
  const sent = new Set<string>();
  for (;;) {
    const lock = await tryLock(paths.clusterLock);
    const pid = await postmasterPid(paths.cluster);
    if (lock && pid === undefined) {
      // Postgres itself would take it for a live one's if another process had got its pid.
      rmSync(postmasterFilePath(paths.cluster), { force: true });
      return lock;
    }
    if (lock && pid !== undefined) {
      lock.release();
      throw new EmbeddedPostgresError(
        `A Postgres that Kith did not start runs on ${paths.cluster} (pid ${pid}). Stop it first.`,
      );
    }
    const waited = performance.now() - started;
    if (waited > giveUpMs) {
      throw new EmbeddedPostgresError(
        `The Postgres of an earlier run on ${paths.cluster} does not stop` +
          `${pid === undefined ? "" : ` (pid ${pid})`}. Stop it by hand; ${paths.log} may say why.`,
      );
    }
    const signal = waited > fastShutdownMs ? "SIGQUIT" : "SIGINT";
    if (pid !== undefined && !sent.has(`${signal} ${pid}`)) {
      sent.add(`${signal} ${pid}`);
      signalIfAlive(pid, signal);
    }
    await sleep(pollMs);
  }
}

/** The pid of the Postgres server that runs on the cluster, if one does. */
async function postmasterPid(cluster: string): Promise<number | undefined> {
  const file = await readPostmasterFile(cluster);
  return file && (await isPostmasterOf(file.pid, cluster)) ? file.pid : undefined;
}

function signalIfAlive(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (!hasCode(error, "ESRCH")) throw error;
  }
}
