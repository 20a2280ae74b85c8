import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { root } from "./root.ts";

/** Starts programs. On disposal, stops the programs that are still running. */
export interface Processes extends AsyncDisposable {
  /** Starts a service. It runs until it is stopped. */
  start(program: Program & { readonly log: string }): Service;
  /**
   * Runs a program to its end.
   *
   * @throws Error with the end of its output, if it fails
   */
  run(program: Program): Promise<Output>;
}

export interface Program {
  readonly command: string;
  readonly args: readonly string[];
  /** The working directory of the process. Default: the root of this checkout. */
  readonly cwd?: string;
  /** The environment of the process, except PATH, HOME and TMPDIR. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface Service {
  readonly pid: number;
  /** Rejects if the service ends before it is stopped. */
  readonly failed: Promise<never>;
  /** Sends SIGTERM, and SIGKILL if the service does not end in time. */
  stop(): Promise<void>;
}

export interface Output {
  readonly stdout: string;
  readonly stderr: string;
}

/** Time for a service to stop after SIGTERM, in milliseconds. */
const stopMs = 15_000;
const tailLength = 2_000;

/** @param signal no program starts after this signal is aborted */
export function createProcesses({ signal }: { readonly signal: AbortSignal }): Processes {
  const running = new Set<ChildProcess>();

  function launch(program: Program, stdio: ("ignore" | "pipe" | number)[]): ChildProcess {
    signal.throwIfAborted();
    const { PATH = "", HOME = "", TMPDIR = "/tmp" } = process.env;
    const child = spawn(program.command, program.args, {
      stdio,
      cwd: program.cwd ?? root,
      env: { PATH, HOME, TMPDIR, ...program.env },
    });
    running.add(child);
    child.once("exit", () => running.delete(child));
    child.once("error", () => running.delete(child));
    return child;
  }

  async function stop(child: ChildProcess): Promise<void> {
    if (!running.has(child)) return;
    const ended = once(child, "exit");
    child.kill("SIGTERM");
    const timer = setTimeout(() => child.kill("SIGKILL"), stopMs);
    await ended;
    clearTimeout(timer);
  }

  return {
    start(program) {
      const log = openSync(program.log, "a");
      const child = launch(program, ["ignore", log, log]);
      closeSync(log);
      let stopped = false;
      const failed = once(child, "exit").then(([code, by]): Promise<never> => {
        if (stopped) return new Promise(() => {});
        const tail = readFileSync(program.log, "utf8").slice(-tailLength);
        throw new Error(`${nameOf(program)} ended, ${by ?? `code ${code}`}:\n${tail}`);
      });
      failed.catch(() => {}); // Callers race this promise against another one, or ignore it.
      return {
        pid: child.pid ?? 0,
        failed,
        stop() {
          stopped = true;
          return stop(child);
        },
      };
    },

    async run(program) {
      const child = launch(program, ["ignore", "pipe", "pipe"]);
      let [stdout, stderr] = ["", ""];
      child.stdout?.on("data", (chunk) => {
        stdout += chunk;
      });
      child.stderr?.on("data", (chunk) => {
        stderr += chunk;
      });
      const [code, by] = await once(child, "close");
      if (code === 0) return { stdout, stderr };
      const tail = `${stdout}\n${stderr}`.slice(-tailLength);
      throw new Error(`${nameOf(program)} failed, ${by ?? `code ${code}`}:\n${tail}`);
    },

    async [Symbol.asyncDispose]() {
      await Promise.all([...running].map(stop));
    },
  };
}

function nameOf({ command, args }: Program): string {
  return /\S+\.ts\b/.exec(args.join(" "))?.[0] ?? basename(command);
}

/**
 * Repeats a check until it succeeds.
 *
 * @throws Error if the check does not succeed within the limit
 */
export async function poll(options: {
  readonly check: () => Promise<boolean>;
  readonly everyMs: number;
  readonly limitMs: number;
  readonly problem: string;
}): Promise<void> {
  const giveUpAt = performance.now() + options.limitMs;
  while (!(await options.check())) {
    if (performance.now() > giveUpAt) {
      throw new Error(`${options.problem} after ${options.limitMs / 1_000} s`);
    }
    await sleep(options.everyMs);
  }
}
