import { execFile } from "node:child_process";
import { cpus } from "node:os";
import { promisify } from "node:util";
import { root } from "../support/root.ts";

/** What figures depend on. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly os: string;
  readonly node: string;
  /** With `+changes` where the files are not those of the commit. */
  readonly commit: string;
}

export async function describeMachine(): Promise<Machine> {
  const [first] = cpus();
  return {
    cpu: first?.model.trim() ?? "unknown",
    cores: cpus().length,
    os: `${process.platform} ${process.arch}`,
    node: process.versions.node,
    commit: await describeCommit(),
  };
}

async function describeCommit(): Promise<string> {
  try {
    const commit = await git("rev-parse", "HEAD");
    const changes = await git("status", "--porcelain", "--", "src", "bench", "package-lock.json");
    return changes === "" ? commit : `${commit}+changes`;
  } catch {
    return "unknown";
  }
}

async function git(...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)("git", args, { cwd: root });
  return stdout.trim();
}
