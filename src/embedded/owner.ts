import { ftruncateSync, writeSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { EmbeddedPostgresError, hasCode } from "./errors.ts";
import { type FileLock, tryLock } from "./file-lock.ts";

/** Who may own a data directory: the service, for as long as it runs, or a command, for a moment. */
export type OwnerKind = "service" | "command";

/** What an owner writes into its lock file for others to read; it means nothing without the lock. */
export interface OwnerRecord {
  pid: number;
  kind: OwnerKind;
  /** Directory of the Unix socket, once Postgres takes connections. */
  socketDir?: string;
  /** True while Postgres is being stopped. */
  stopping?: boolean;
}

/** Sole ownership of a data directory. It ends with this process at the latest. */
export interface Ownership {
  /** Tells others how it is with Postgres. */
  publish(state: Pick<OwnerRecord, "socketDir" | "stopping">): void;
  release(): void;
}

const pollMs = 25;

/**
 * Takes the owner lock of a data directory, waiting for others to let it go for as long as `patience`
 * says. An owner that was killed has let it go already.
 *
 * @param options.patience Milliseconds to wait in all, given who has it now (undefined: not yet known),
 *   asked again and again. Must be some 100 ms at least for each answer, since a new owner writes its
 *   record a moment after it has the lock, and until then the last owner's is read.
 * @param options.join Tried on each round with whoever has it; ends the wait when it answers something.
 * @throws {EmbeddedPostgresError} The wait is over and another process still has it.
 */
export async function acquireOwnership<T = never>(options: {
  lockPath: string;
  dataDir: string;
  kind: OwnerKind;
  patience: (owner: OwnerRecord | undefined) => number;
  join?: (owner: OwnerRecord) => Promise<T | undefined>;
}): Promise<{ ownership: Ownership } | { joined: T }> {
  const started = performance.now();
  for (;;) {
    const lock = await tryLock(options.lockPath);
    if (lock) return { ownership: ownershipOf(lock, options.kind) };

    const owner = await readRecord(options.lockPath);
    const joined = owner && (await options.join?.(owner));
    if (joined !== undefined) return { joined };
    if (performance.now() - started > options.patience(owner)) {
      throw new EmbeddedPostgresError(
        `${options.dataDir} is in use by another running process${owner ? ` (pid ${owner.pid})` : ""}. ` +
          "Stop that one, or set DATA_DIR to another directory.",
      );
    }
    await sleep(pollMs);
  }
}

function ownershipOf(lock: FileLock, kind: OwnerKind): Ownership {
  const write = (text: string) => {
    ftruncateSync(lock.fd);
    writeSync(lock.fd, text, 0);
  };
  const publish: Ownership["publish"] = (state) => {
    const record: OwnerRecord = { pid: process.pid, kind, ...state };
    write(`${JSON.stringify(record)}\n`);
  };
  try {
    publish({});
  } catch (error) {
    lock.release();
    throw error;
  }
  return {
    publish,
    release() {
      try {
        write("");
      } finally {
        lock.release();
      }
    },
  };
}

/** Undefined also where the record is being written this moment. */
async function readRecord(path: string): Promise<OwnerRecord | undefined> {
  try {
    return JSON.parse(await readFile(path, "utf8")) as OwnerRecord;
  } catch (error) {
    if (error instanceof SyntaxError || hasCode(error, "ENOENT")) return undefined;
    throw error;
  }
}
