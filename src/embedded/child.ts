import { type ChildProcess, type StdioOptions, spawn } from "node:child_process";

/** A user to run programs as, and how to become that user. */
export interface RunAs {
  uid: number;
  gid: number;
  /** True where the kernel is asked for uid and gid as the program starts (Node is root). */
  switchUser: boolean;
  /** Words before the program's own, such as a `setpriv` call. */
  prefix: readonly string[];
}

/** One program to run: its words, as whom, and its environment beyond {@link baseEnv}. */
export interface Command {
  words: readonly string[];
  runAs: RunAs;
  env?: Readonly<Record<string, string>>;
}

/** How a program ended. `code` is null if it could not be started or was killed. */
export interface Ended {
  code: number | null;
  /** Standard output and standard error, trimmed. */
  output: string;
}

// Nothing of the caller's environment: PGDATA, PGOPTIONS, LD_PRELOAD or TZ would change what runs.
const baseEnv = {
  PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
  LC_ALL: "C",
  TZ: "UTC",
};

/**
 * Starts a program in a session of its own, so that a Ctrl-C in the terminal is not also sent to it.
 * The directory is "/", since the user it runs as may not be allowed into the current one.
 */
export function spawnAs(options: Command & { stdio: StdioOptions }): ChildProcess {
  const { runAs } = options;
  const [file = "", ...args] = [...runAs.prefix, ...options.words];
  return spawn(file, args, {
    cwd: "/",
    detached: true,
    env: { ...baseEnv, ...options.env },
    stdio: options.stdio,
    // Signed, as Node wants them: macOS has nobody at -2.
    ...(runAs.switchUser && { uid: runAs.uid | 0, gid: runAs.gid | 0 }),
  });
}

/**
 * Runs a program to its end. Never rejects: a program that cannot be started ends with code null.
 *
 * @param options.input Its standard input; none if left out.
 * @param options.fd A descriptor it gets as its number 3, such as a lock to be held while it runs.
 */
export function runToEnd(options: Command & { input?: string; fd?: number }): Promise<Ended> {
  return new Promise<Ended>((resolve) => {
    const child = spawnAs({ ...options, stdio: ["pipe", "pipe", "pipe", options.fd ?? "ignore"] });
    let output = "";
    const collect = (chunk: Buffer) => {
      output += chunk.toString();
    };
    child.stdout?.on("data", collect);
    child.stderr?.on("data", collect);
    child.stdin?.on("error", () => {}); // It ended without reading its input: its code says so.
    child.stdin?.end(options.input ?? "");
    child.on("error", (error) => resolve({ code: null, output: error.message }));
    child.on("close", (code) => resolve({ code, output: output.trim() }));
    // Node throws some failures to start a program and emits others.
  }).catch((error: Error) => ({ code: null, output: error.message }));
}

/** The user this process runs as, with nothing to change. */
export function currentUser(): RunAs {
  const uid = process.getuid?.() ?? -1;
  return { uid, gid: process.getgid?.() ?? -1, switchUser: false, prefix: [] };
}
