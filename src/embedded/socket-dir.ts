import { createHash } from "node:crypto";
import { chmodSync, chownSync, lstatSync, mkdirSync, rmdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname } from "node:path";
import { currentUser, type RunAs } from "./child.ts";
import type { DataPaths } from "./data-paths.ts";
import { EmbeddedPostgresError, hasCode } from "./errors.ts";

/** Part of the socket's name only: no TCP port is opened, so it conflicts with nothing. */
export const port = 5432;

// sizeof(sockaddr_un.sun_path) less the closing NUL.
const pathLimit = process.platform === "linux" ? 107 : 103;

/** Path of Postgres's Unix socket in a directory. */
export function socketPath(socketDir: string): string {
  return `${socketDir}/.s.PGSQL.${port}`;
}

/**
 * Makes the directory of the Unix socket: mode 0700 and the Postgres user's, so that only that user and
 * root can connect, which is why no password is asked. It is `run` in the data directory, or where the
 * socket's path would be longer than the system allows (107 bytes on Linux, 103 on macOS) in a directory
 * of ours below the one for temporary files, named from a hash of the data directory's path.
 *
 * @throws {EmbeddedPostgresError} Somebody else has a directory of that name, or no path is short enough.
 */
export function makeSocketDir(options: { paths: DataPaths; runAs: RunAs }): string {
  const { paths, runAs } = options;
  const hash = createHash("sha256").update(paths.root).digest("hex").slice(0, 16);
  const parents = [paths.root, `${tmpdir()}/kith-${hash}`, `/tmp/kith-${hash}`];
  const parent = parents.find((dir) => Buffer.byteLength(socketPath(`${dir}/run`)) <= pathLimit);
  if (!parent) {
    throw new EmbeddedPostgresError(`No short enough path for a socket: ${parents.join(", ")}`);
  }
  // Closed to all others, but for the Postgres user to pass where it has no capability to do so. One that
  // has must not be reached by others of the same user: through it they could do what it can.
  const self = currentUser().uid;
  if (parent !== paths.root) {
    makeDir(parent, { mode: runAs.switchUser ? 0o711 : 0o700, owners: [self] });
  }
  const dir = `${parent}/run`;
  const found = makeDir(dir, { mode: 0o700, owners: [self, runAs.uid] });
  if (found !== runAs.uid) chownSync(dir, runAs.uid, runAs.gid);
  return dir;
}

/** Makes a directory if it is missing; answers its owner, who must be one of those given. */
function makeDir(path: string, expected: { mode: number; owners: number[] }): number {
  try {
    mkdirSync(path, { mode: expected.mode });
  } catch (error) {
    if (!hasCode(error, "EEXIST")) throw error;
  }
  // Not followed: in /tmp it may be somebody's link. If it is ours it stays ours, as /tmp is sticky.
  const found = lstatSync(path);
  if (!found.isDirectory() || !expected.owners.includes(found.uid)) {
    throw new EmbeddedPostgresError(
      `${path}, meant for Postgres's socket, belongs to another user (uid ${found.uid}). ` +
        "Remove it, or set DATA_DIR to another directory.",
    );
  }
  if ((found.mode & 0o777) !== expected.mode) chmodSync(path, expected.mode);
  return found.uid;
}

/**
 * Removes what a killed Postgres left in the directory. Postgres would do it too, unless the pid in the
 * socket's lock file has been given to another process by now. Call it only with the cluster lock held.
 */
export function clearSocketDir(socketDir: string): void {
  for (const suffix of ["", ".lock"]) rmSync(socketPath(socketDir) + suffix, { force: true });
}

/** Removes the directory again if it is below the one for temporary files. */
export function removeSocketDir(options: { paths: DataPaths; socketDir: string }): void {
  const { paths, socketDir } = options;
  if (socketDir === paths.run) return;
  try {
    rmdirSync(socketDir);
    rmdirSync(dirname(socketDir));
  } catch (error) {
    if (!hasCode(error, "ENOENT", "ENOTEMPTY", "EPERM", "EACCES")) throw error;
  }
}
