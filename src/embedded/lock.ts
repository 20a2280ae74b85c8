import { closeSync, constants, ftruncateSync, openSync, readFileSync, writeSync } from "node:fs";
import { EmbeddedPostgresError, hasCode } from "./errors.ts";
import { run, spawnAsSelf } from "./programs.ts";

/** A locked file. The lock ends when every process that has the descriptor has closed it or ended. */
export interface FileLock {
  fd: number;
  release(): void;
}

/** The record that the owner of a data directory writes into its lock file. It is valid only with the lock. */
export interface Owner {
  pid: number;
  /** Directory of the Unix socket, while commands may connect to it. */
  socketDir?: string | undefined;
}

/**
 * Locks a file, creating it if it is missing. Returns undefined at once if it is locked already.
 *
 * The lock is flock(2). The kernel releases it when its holders end for any reason, and processes in
 * other containers also respect it. Node cannot call flock, but the lock belongs to the open file. The
 * program `flock` locks the descriptor that it inherits, and the lock remains when the program ends. Other
 * child processes inherit the descriptor only if it is passed to them.
 *
 * @throws {EmbeddedPostgresError} The program is missing, or the disk has no locks.
 */
export async function tryLock(path: string): Promise<FileLock | undefined> {
  const isMac = process.platform === "darwin";
  // On macOS open(2) takes the same lock. Node has no constant for O_EXLOCK.
  const lockFlags = isMac ? 0x0020 | constants.O_NONBLOCK : 0;
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDWR | constants.O_CREAT | lockFlags, 0o600);
  } catch (error) {
    if (isMac && hasCode(error, "EAGAIN")) return undefined;
    throw error;
  }
  let isOpen = true;
  const release = () => {
    if (isOpen) closeSync(fd); // Only once, because the number may later belong to another file.
    isOpen = false;
  };
  if (isMac) return { fd, release };

  const { code, output } = await run(["flock", "-x", "-n", "3"], { spawn: spawnAsSelf, fd });
  if (code === 0) return { fd, release };
  release();
  if (code === 1) return undefined;
  throw new EmbeddedPostgresError(
    `Could not lock ${path} with the program "flock" (of util-linux): ${output || `code ${code}`}. ` +
      "Install util-linux, use a local disk for DATA_DIR, or set DATABASE_URL to a Postgres of your own.",
  );
}

/** Writes who owns the data directory into the lock file, for other processes to read. */
export function writeOwner(lock: FileLock, owner: Owner): void {
  ftruncateSync(lock.fd);
  writeSync(lock.fd, `${JSON.stringify(owner)}\n`, 0);
}

/** Reads it. Returns undefined while the owner is writing it. */
export function readOwner(path: string): Owner | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as Owner;
  } catch {
    return undefined;
  }
}
