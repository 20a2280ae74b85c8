import type { ChildProcess } from "node:child_process";
import type { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { Binaries } from "./binaries.ts";
import { type RunAs, spawnAs } from "./child.ts";
import type { DataPaths } from "./data-paths.ts";
import { EmbeddedPostgresError } from "./errors.ts";
import type { FileLock } from "./file-lock.ts";
import { takeCluster } from "./leftovers.ts";
import { openLogFile } from "./log-file.ts";
import { readPostmasterFile } from "./postmaster.ts";
import { port } from "./socket-dir.ts";

/** A running Postgres server. */
export interface Server {
  /** Stops it in an orderly way and waits until all its processes have ended. */
  stop(): Promise<void>;
}

/** Milliseconds Postgres may take to get ready: long, as it may have a crash to recover from. */
const readyTimeoutMs = 120_000;
const readyPollMs = 5;
const fastShutdownMs = 10_000;
/** Postgres itself kills its processes 5 s after it was told to stop at once. */
const immediateShutdownMs = 8_000;

/**
 * Stands between Node and Postgres ("$@"): passes signals on whose names it reads, and stops Postgres
 * when its standard input ends, that is when Node has ended, however it did. Postgres stays its child to
 * the last, so that the pid it signals cannot have become another process's.
 *
 * Only Postgres keeps the standard output, so that its end is the end of the last Postgres process.
 * TERM goes before INT (the fast shutdown) since a Postgres that has only just been started would miss
 * an INT: shells start background commands with INT ignored.
 */
const supervisorScript = `
"$@" &
postgres=$!
exec >/dev/null
trap '' HUP INT QUIT TERM
while read -r signal; do kill -s "$signal" "$postgres" 2>/dev/null; done
kill -s TERM "$postgres" 2>/dev/null
kill -s INT "$postgres" 2>/dev/null
wait "$postgres"
`;

/**
 * Starts Postgres on a cluster and waits until it takes connections. It runs in a session of its own,
 * out of reach of a Ctrl-C, and does not keep this process from ending.
 *
 * @param options.lock The cluster lock. Postgres inherits it; it is released here in any case.
 * @param options.onExit Called once if Postgres ends before `stop` is called.
 * @throws {EmbeddedPostgresError} Postgres ended or did not get ready within two minutes.
 */
export async function startServer(options: {
  paths: DataPaths;
  binaries: Binaries;
  env: Readonly<Record<string, string>>;
  runAs: RunAs;
  socketDir: string;
  settings: Readonly<Record<string, string>>;
  lock: FileLock;
  onExit?: ((message: string) => void) | undefined;
}): Promise<Server> {
  const { paths, binaries } = options;
  const log = openLogFile(paths.log);
  const supervisor = startSupervisor();

  const [stdin, stdout] = [supervisor.stdin as Socket, supervisor.stdout as Socket];
  const say = (signal: string) => stdin.write(`${signal}\n`);
  stdin.on("error", () => {}); // The supervisor was killed: its exit is dealt with below.
  stdout.on("end", () => stdin.end()).resume();

  // "ended": all Postgres processes are gone. "lost": the supervisor is, Postgres may still run.
  let startError = "";
  const over = new Promise<"ended" | "lost">((resolve) => {
    supervisor.on("error", (error) => {
      startError = ` (${error.message})`;
      resolve("ended");
    });
    supervisor.on("close", () => resolve("ended"));
    supervisor.on("exit", (_code, signal) => signal && resolve("lost"));
  });
  const overWithin = async (ms: number) => {
    const timer = new AbortController();
    const late = sleep(ms, "late" as const, { signal: timer.signal }).catch(() => "late" as const);
    const outcome = await Promise.race([over, late]);
    timer.abort();
    return outcome;
  };

  let stopping: Promise<void> | undefined;
  const stop = async () => {
    say("INT");
    let outcome = await overWithin(fastShutdownMs);
    if (outcome === "late") {
      say("QUIT");
      outcome = await overWithin(immediateShutdownMs);
    }
    if (outcome === "lost") (await takeCluster(paths)).release();
    if (outcome === "late") {
      throw new EmbeddedPostgresError(`Postgres on ${paths.cluster} does not stop.${log.tail()}`);
    }
  };
  const server: Server = {
    stop() {
      stopping ??= stop();
      return stopping;
    },
  };

  try {
    await untilReady();
  } catch (error) {
    await server.stop();
    throw error;
  }
  supervisor.unref();
  for (const pipe of [stdin, stdout]) pipe.unref();
  void over.then((outcome) => {
    if (stopping) return;
    const what =
      outcome === "ended" ? "ended by itself" : "has lost its supervisor, which was killed";
    options.onExit?.(`Postgres on ${paths.cluster} ${what}.${log.tail()}`);
  });
  return server;

  function startSupervisor(): ChildProcess {
    const flags = serverSettings(options.socketDir, options.settings).flatMap(([name, value]) => [
      "-c",
      `${name}=${value}`,
    ]);
    try {
      return spawnAs({
        words: ["/bin/sh", "-c", supervisorScript, "kith-postgres"].concat(
          [binaries.postgres, "-D", paths.cluster],
          flags,
        ),
        runAs: options.runAs,
        env: options.env,
        stdio: ["pipe", "pipe", log.fd, options.lock.fd],
      });
    } finally {
      options.lock.release();
      log.close();
    }
  }

  async function untilReady(): Promise<void> {
    const started = performance.now();
    while (!(await readPostmasterFile(paths.cluster))?.ready) {
      if ((await overWithin(readyPollMs)) !== "late") {
        throw new EmbeddedPostgresError(
          `Postgres could not start on ${paths.cluster}${startError}.${log.tail()}`,
        );
      }
      if (performance.now() - started > readyTimeoutMs) {
        throw new EmbeddedPostgresError(
          `Postgres on ${paths.cluster} was not ready after ${readyTimeoutMs / 1000} s.${log.tail()}`,
        );
      }
    }
  }
}

/** The server's settings, in an order in which later ones win. */
function serverSettings(
  socketDir: string,
  settings: Readonly<Record<string, string>>,
): [name: string, value: string][] {
  return [
    ["max_connections", "100"],
    ["log_checkpoints", "off"],
    ...Object.entries(settings),
    // Not to be changed: these say who can reach it, and how the connection string finds it.
    ["listen_addresses", ""],
    ["port", String(port)],
    ["unix_socket_directories", `"${socketDir.replaceAll('"', '""')}"`], // A list: quotes keep commas.
  ];
}
