import { execFile } from "node:child_process";
import { cpus } from "node:os";
import { promisify } from "node:util";
import { root } from "../support/root.ts";

/** The machine and the versions that the figures depend on. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly os: string;
  readonly node: string;
  /** With `+changes` if files differ from the commit. */
  readonly commit: string;
}

export async function describeMachine(): Promise<Machine> {
  const [first] = cpus();
  return {
    cpu: first?.model.trim() ?? "unknown",
    cores: cpus().length,
    os: `${process.platform} ${process.arch}`,
    node: process.versions.node,
    commit: await describeCommit(root),
  };
}

/** The commit of a checkout. */
export async function describeCommit(cwd: string): Promise<string> {
  const git = async (...args: string[]) =>
    (await promisify(execFile)("git", args, { cwd })).stdout.trim();
  try {
    const commit = await git("rev-parse", "HEAD");
    const changes = await git("status", "--porcelain", "--", "src", "bench", "package-lock.json");
    return changes === "" ? commit : `${commit}+changes`;
  } catch {
    return "unknown";
  }
}
