import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** A directory with the sources of Kith, of this version or of another one. */
export interface Checkout {
  /** The name in the report. */
  readonly name: string;
  readonly root: string;
}

/** A program and its arguments, to be run in the checkout. */
interface Command {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
}

/**
 * The command that `npm start` runs in a checkout, without the npm process in front of it. The shell
 * replaces itself with the service, so that signals and the process id are those of the service.
 */
export function startCommand({ root }: Checkout): Command {
  const script = readStartScript(root)?.replace(/^exec /, "");
  const bin = join(root, "node_modules/.bin");
  return { command: "sh", args: ["-c", `PATH="${bin}:$PATH" exec ${script}`], cwd: root };
}

/** The reason why the service of a checkout cannot start, or undefined if it can. */
export function checkoutProblem(root: string): string | undefined {
  if (readStartScript(root) === undefined) return `${root} is not a checkout of Kith`;
  const isInstalled = existsSync(join(root, "node_modules/.bin/node"));
  return isInstalled ? undefined : `${root} has no node_modules: run npm ci there first`;
}

function readStartScript(root: string): string | undefined {
  const file = join(root, "package.json");
  if (!existsSync(file)) return undefined;
  const { name, scripts } = JSON.parse(readFileSync(file, "utf8"));
  return name === "kith" ? scripts?.start : undefined;
}
