import { spawn } from "node:child_process";
import { once } from "node:events";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { stripVTControlCharacters } from "node:util";

const root = join(import.meta.dirname, "../../..");

/** The PATH for commands. It contains `buf`, a dependency of this repository. */
const path = [join(root, "node_modules/.bin"), process.env.PATH].join(delimiter);

/** The programs that are not installed. */
export function missingPrograms(programs: readonly string[]): string[] {
  return programs.filter(
    (program) => !path.split(delimiter).some((at) => isExecutable(at, program)),
  );
}

function isExecutable(directory: string, program: string): boolean {
  try {
    accessSync(join(directory, program), constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

export interface Run {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number | null;
}

export interface RunOptions {
  readonly env: Readonly<Record<string, string>>;
  /** Called with every line of the output, without its line break. */
  readonly onLine?: (line: string) => void;
}

/** Runs a shell script from the root of the repository, until it ends. */
export async function runScript(
  script: string,
  { env, onLine = () => {} }: RunOptions,
): Promise<Run> {
  const child = spawn("sh", ["-euc", script], {
    cwd: root,
    env: { ...process.env, PATH: path, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  let parsed = 0;
  child.stdout.setEncoding("utf8").on("data", (text) => {
    stdout += text;
    for (let end = stdout.indexOf("\n", parsed); end >= 0; end = stdout.indexOf("\n", parsed)) {
      onLine(stdout.slice(parsed, end));
      parsed = end + 1;
    }
  });
  child.stderr.setEncoding("utf8").on("data", (text) => {
    stderr += text;
  });
  const [exitCode] = await once(child, "close");
  return { stdout: stripVTControlCharacters(stdout), stderr, exitCode };
}
