import { execFile } from "node:child_process";
import { readFile, readlink } from "node:fs/promises";
import { basename } from "node:path";
import { promisify } from "node:util";
import { hasCode } from "./errors.ts";

/** What Postgres's `postmaster.pid` says. It may be stale and its pid another process's by now. */
export interface PostmasterFile {
  pid: number;
  /** True once connections are taken. */
  ready: boolean;
}

/** Path of the file in a cluster. */
export function postmasterFilePath(cluster: string): string {
  return `${cluster}/postmaster.pid`;
}

/** Reads a cluster's `postmaster.pid`; undefined if there is none, or none that can be understood. */
export async function readPostmasterFile(cluster: string): Promise<PostmasterFile | undefined> {
  let text: string;
  try {
    text = await readFile(postmasterFilePath(cluster), "utf8");
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    throw error;
  }
  const lines = text.split("\n");
  const pid = Number(lines[0]);
  if (!Number.isInteger(pid) || pid < 1) return undefined;
  return { pid, ready: lines[7]?.trim() === "ready" };
}

/** True if the process of this pid is really a Postgres server of this cluster. */
export async function isPostmasterOf(pid: number, cluster: string): Promise<boolean> {
  try {
    if (process.platform !== "linux") {
      const { stdout } = await promisify(execFile)("/bin/ps", [
        "-ww",
        "-o",
        "args=",
        "-p",
        `${pid}`,
      ]);
      return stdout.includes("postgres") && stdout.includes(cluster);
    }
    // Readable for everyone, while the process's current directory is not, as in Docker.
    const words = (await readFile(`/proc/${pid}/cmdline`, "utf8")).split("\0");
    if (basename(words[0] ?? "") !== "postgres") return false;
    return words.includes(cluster) || (await readlink(`/proc/${pid}/cwd`)) === cluster;
  } catch {
    return false; // It has ended, or is not for us to look at, and so not ours.
  }
}
