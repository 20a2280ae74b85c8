import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { patienceMs } from "../../support/patience.ts";
import { within } from "../../support/raw.ts";
import { unhurried } from "../../support/service.ts";
import { startArguments } from "../../support/start-arguments.ts";

const root = fileURLToPath(new URL("../../..", import.meta.url));

/** The service in a separate process. It stops when it is disposed of. */
export interface ServiceProcess extends AsyncDisposable {
  /** Everything written so far, to standard output and standard error. */
  output(): string;
  /** The log lines so far, parsed. */
  logs(): Record<string, unknown>[];
  /** Waits for a match in the output. Fails if the process ends without one. */
  untilOutput(pattern: RegExp): Promise<string>;
  /** Waits for the address that the service prints, as in `http://127.0.0.1:41234`. */
  url(): Promise<string>;
  signal(name: NodeJS.Signals): void;
  /** Waits for the end. Returns the exit code, or the signal that ended it. */
  exit(): Promise<number | NodeJS.Signals | null>;
}

const likeNpmStart = [process.execPath, ...startArguments] as const;

/** Starts the service, by default like `npm start`, on a free port, with only the given environment. */
export function startProcess(
  env: Record<string, string>,
  [program, ...args]: readonly [string, ...string[]] = likeNpmStart,
): ServiceProcess {
  const child = spawn(program, args, {
    cwd: root,
    env: { PATH: process.env.PATH, PORT: "0", ...unhurried, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  let onChange = () => {};
  let ended = false;
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text) => {
      output += text;
      onChange();
    });
  }
  const closed = once(child, "close").then(([code, signal]) => {
    ended = true;
    onChange();
    return (code ?? signal) as number | NodeJS.Signals | null;
  });

  async function untilOutput(pattern: RegExp): Promise<string> {
    const look = () => pattern.exec(output)?.[0];
    await within(`the process did not say ${pattern}`, (done) => {
      onChange = () => {
        if (ended || look() !== undefined) done();
      };
      onChange();
    }).catch((error) => {
      throw new Error(`${error.message}; it said:\n${output}`);
    });
    const found = look();
    if (found === undefined) throw new Error(`the process ended; it said:\n${output}`);
    return found;
  }

  async function exit() {
    const exceeded = `the process did not end; it said:\n${output}`;
    await within(exceeded, (done) => void closed.then(done));
    return closed;
  }

  return {
    output: () => output,
    logs: () =>
      output
        .split("\n")
        .filter((line) => line.startsWith("{"))
        .map((line) => JSON.parse(line)),
    untilOutput,
    async url() {
      const line = await untilOutput(/serves gRPC and JSON on https?:\/\/\S+/);
      return line.slice(line.indexOf("http"));
    },
    signal: (name) => void child.kill(name),
    exit,
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      const killing = setTimeout(() => child.kill("SIGKILL"), patienceMs);
      await closed;
      clearTimeout(killing);
    },
  };
}
