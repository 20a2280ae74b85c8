import * as fs from "node:fs";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { dirname } from "node:path";
import { clusterPath, takeCluster } from "./cluster.ts";
import { EmbeddedPostgresError } from "./errors.ts";
import type { FileLock } from "./lock.ts";
import type { Programs } from "./programs.ts";

/** This is only part of the name of the socket. Postgres opens no TCP port. */
export const port = 5432;
// The size of sockaddr_un.sun_path without its closing NUL, in bytes.
const socketPathLimit = process.platform === "linux" ? 107 : 103;

const maxLogBytes = 10 * 1024 * 1024;
const tailLines = 20;

/** A running Postgres server. */
export interface Server {
  /** Directory of its Unix socket. */
  socketDir: string;
  /** Stops it and waits until all its processes have ended. */
  stop(): Promise<void>;
}

/**
 * Starts Postgres, and stops it when standard input ends, because Node has closed it or has ended for any
 * reason. $1 is the directory of pg_ctl, $2 the options of Postgres. The start may take 120 s, because
 * Postgres may have to recover from a crash. After the start only Postgres holds descriptor 4: it closes
 * when the last process of Postgres ends. Signals are ignored, so that the script reaches its last line.
 */
const supervisorScript = `
trap '' HUP INT PIPE QUIT TERM
"$1/pg_ctl" start -s -w -t 120 -o "$2" && echo ready >&4 && exec 4>&- && read -r _
exec 4>&- 2>/dev/null
"$1/pg_ctl" stop -s -m fast -t 10 || "$1/pg_ctl" stop -s -m immediate -t 8
`;

/**
 * Starts Postgres on the cluster and waits until it accepts connections. It does not prevent this process
 * from ending.
 *
 * @param options.lock The cluster lock. Postgres inherits it, and it is released here.
 * @param options.onExit Called once, with a message, if Postgres ends before `stop` is called.
 * @throws {EmbeddedPostgresError} Postgres ended, or was not ready after 120 seconds.
 */
export async function startServer(options: {
  dataDir: string;
  programs: Programs;
  settings: Readonly<Record<string, string>>;
  lock: FileLock;
  onExit: ((message: string) => void) | undefined;
}): Promise<Server> {
  const { dataDir, programs } = options;
  const cluster = clusterPath(dataDir);
  const socketDir = makeSocketDir(dataDir, programs);
  const log = openLog(`${dataDir}/postgres.log`);
  // pg_ctl puts these options, and a -D of its own, into a shell command without quoting them.
  const flags = ["-D", cluster, ...serverFlags(socketDir, options.settings)];
  const quoted = flags.map((flag) => `'${flag.replaceAll("'", `'\\''`)}'`).join(" ");
  const words = ["/bin/sh", "-c", supervisorScript, "kith-postgres", programs.bin, quoted];
  const supervisor = programs.spawn(words, {
    env: { PGDATA: cluster },
    stdio: ["pipe", log.fd, log.fd, options.lock.fd, "pipe"],
  });
  options.lock.release();
  fs.closeSync(log.fd);
  const [stdin, postgres] = [supervisor.stdin, supervisor.stdio[4]] as [Socket, Socket];
  for (const pipe of [stdin, postgres]) pipe.on("error", () => {}); // The other end was killed.

  const ready = new Promise<true>((resolve) => postgres.on("data", () => resolve(true)));
  const postgresEnded = new Promise<void>((resolve) => postgres.on("close", resolve));
  const supervisorEnded = new Promise<void>((resolve) => {
    supervisor.on("exit", resolve).on("error", resolve);
  });
  // Without Postgres there is nothing to stop, and another process may get its pid.
  void postgresEnded.then(() => supervisor.kill("SIGKILL"));

  let isStopping = false;
  const server: Server = {
    socketDir,
    async stop() {
      isStopping = true;
      supervisor.ref();
      stdin.end();
      await supervisorEnded;
      // The supervisor may have been killed, so make sure that all of Postgres has ended.
      (await takeCluster(dataDir, programs)).release();
      fs.rmSync(socketDir, { recursive: true, force: true });
      if (dirname(socketDir) !== dataDir) fs.rmdirSync(dirname(socketDir));
    },
  };

  const ended = Promise.race([
    postgresEnded.then(() => "ended by itself"),
    supervisorEnded.then(() => "has lost its supervisor, which was killed"),
  ]);
  if ((await Promise.race([ready, ended])) !== true) {
    await server.stop();
    throw new EmbeddedPostgresError(`Postgres could not start on ${cluster}.${log.tail()}`);
  }
  for (const handle of [supervisor, stdin, postgres]) handle.unref();
  void ended.then((what) => {
    if (!isStopping) options.onExit?.(`Postgres on ${cluster} ${what}.${log.tail()}`);
  });
  return server;
}

/** The last settings control access to Postgres, so the caller's settings cannot override them. */
function serverFlags(socketDir: string, settings: Readonly<Record<string, string>>): string[] {
  return Object.entries({
    max_connections: "100",
    // Large serializable transactions take many predicate locks. Without free ones, transactions fail.
    max_pred_locks_per_transaction: "256",
    log_checkpoints: "off",
    ...settings,
    listen_addresses: "",
    port: `${port}`,
    unix_socket_directories: `"${socketDir.replaceAll('"', '""')}"`, // A list: commas need quotes.
  }).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
}

/** Path of the socket in its directory. */
export function socketPath(socketDir: string): string {
  return `${socketDir}/.s.PGSQL.${port}`;
}

/**
 * Creates an empty directory for the Unix socket: `run` in the data directory, or in a temporary directory
 * if the socket's path would be too long. Only the user of Postgres and root can reach the socket.
 */
function makeSocketDir(dataDir: string, programs: Programs): string {
  const fits = (parent: string) =>
    Buffer.byteLength(socketPath(`${parent}/run`)) <= socketPathLimit;
  let parent = dataDir;
  if (!fits(parent)) {
    const base = [tmpdir(), "/tmp"].find((dir) => fits(`${dir}/kith-123456`)) ?? "/tmp";
    parent = fs.mkdtempSync(`${base}/kith-`);
    // The user of Postgres must be able to pass the directory. A privileged Postgres can. Then other processes
    // of that user must not, because Postgres would give them its privileges.
    if (!programs.isPrivileged) fs.chmodSync(parent, 0o711);
  }
  const dir = `${parent}/run`;
  // A killed Postgres leaves its socket and a lock file, whose pid may belong to another process now.
  fs.rmSync(dir, { recursive: true, force: true });
  fs.mkdirSync(dir, { mode: 0o700 });
  fs.lchownSync(dir, programs.uid, programs.gid);
  return dir;
}

/** Opens Postgres's log, mode 0600, to append to it. Empties it first if it is longer than 10 MiB. */
function openLog(path: string): { fd: number; tail(): string } {
  const fd = fs.openSync(path, "a", 0o600);
  if (fs.fstatSync(fd).size > maxLogBytes) fs.ftruncateSync(fd);
  const start = fs.fstatSync(fd).size;
  return {
    fd,
    /** The last lines of this run with a heading, or nothing if there are none. */
    tail() {
      const lines = fs.readFileSync(path).subarray(start).toString().trimEnd().split("\n");
      const last = lines.slice(-tailLines).join("\n");
      return last && `\nThe end of ${path}:\n${last}`;
    },
  };
}
