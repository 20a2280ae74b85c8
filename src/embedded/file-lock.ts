import { closeSync, constants, openSync } from "node:fs";
import { currentUser, runToEnd } from "./child.ts";
import { EmbeddedPostgresError, hasCode } from "./errors.ts";

/** A locked file. The lock lasts until every process that has the descriptor has closed it or ended. */
export interface FileLock {
  /** A plain number and no FileHandle: that would be closed, and the lock lost, when collected. */
  fd: number;
  release(): void;
}

// macOS's open(2) takes the same kind of lock; these flags are missing in Node's constants.
const darwinLockFlags = 0x0020 /* O_EXLOCK */ | constants.O_NONBLOCK;

/**
 * Locks a file (creating it, mode 0600) if nobody else has it locked, or answers undefined at once.
 *
 * The lock is the kernel's, flock(2): it is gone with its holders however they end, so there is nothing
 * stale to recognise, no pid to trust, and processes in other containers on the same disk are seen.
 * Node cannot call flock, but the lock belongs to the open file and not to the process: util-linux's
 * `flock` locks a descriptor it has inherited, ends, and leaves it locked for us. The descriptor is not
 * inherited by other children unless it is passed to them.
 */
export async function tryLock(path: string): Promise<FileLock | undefined> {
  const darwin = process.platform === "darwin";
  let fd: number;
  try {
    const flags = constants.O_RDWR | constants.O_CREAT | (darwin ? darwinLockFlags : 0);
    fd = openSync(path, flags, 0o600);
  } catch (error) {
    if (darwin && hasCode(error, "EAGAIN")) return undefined;
    throw error;
  }
  const lock = onceReleased(fd);
  if (darwin) return lock;

  const { code, output } = await runToEnd({
    words: ["flock", "-x", "-n", "3"],
    runAs: currentUser(),
    fd,
  });
  if (code === 0) return lock;
  lock.release();
  if (code === 1) return undefined;
  throw new EmbeddedPostgresError(
    `Could not lock ${path} with the program "flock" (of util-linux): ${output || `code ${code}`}. ` +
      "Install util-linux, use a local disk for DATA_DIR, or set DATABASE_URL to a Postgres of your own.",
  );
}

function onceReleased(fd: number): FileLock {
  let held = true;
  return {
    fd,
    release() {
      // Once only: the number may belong to another file by now.
      if (held) closeSync(fd);
      held = false;
    },
  };
}
